// Package recording holds everything one run saw: the check, each request, what
// the cluster did, what was done to it. It is the only thing the producers
// (attack, timeline, chaos) and the report have in common.
//
// A recording is a folder. It is written so that a killed run loses at most its
// last few seconds, and a report is a pure function of it:
//
//	run.json               what was run, and against what (Header)
//	samples-000001.parquet one row per request; a new segment every few seconds
//	segments.jsonl         each closed segment with its length and checksum
//	events.jsonl           what the watches saw (Event)
//	actions.jsonl          what the run itself did (Action)
//	end.json               how the run ended (Ending); missing after a crash
package recording
