package recording

import "time"

// notReached is NotReached in a column.
const notReached = -1

// row is a sample as a Parquet row. Texts that repeat are dictionary columns,
// times and counters are delta encoded, so that a sample costs few bytes. The
// points are in microseconds: what lies below is the noise of clocks and
// schedulers, and would cost ten bits of each.
type row struct {
	Stream    string `parquet:"stream,dict"`
	Sender    int32  `parquet:"sender,delta"`
	Seq       int64  `parquet:"seq,delta"`
	Scheduled int64  `parquet:"scheduled_unix_ns,delta"`
	Sent      int64  `parquet:"sent_us,delta"`
	Resolved  int64  `parquet:"resolved_us,delta"`
	Acquired  int64  `parquet:"acquired_us,delta"`
	Written   int64  `parquet:"written_us,delta"`
	FirstByte int64  `parquet:"first_byte_us,delta"`
	End       int64  `parquet:"end_us,delta"`
	Lookup    int64  `parquet:"lookup_us,delta"`

	Outcome  string `parquet:"outcome,dict"`
	Phase    string `parquet:"phase,dict"`
	Class    string `parquet:"class,dict"`
	Error    string `parquet:"error,dict"`
	Status   int32  `parquet:"status,delta"`
	BytesOut int64  `parquet:"bytes_out,delta"`
	BytesIn  int64  `parquet:"bytes_in,delta"`

	Conn       int64  `parquet:"conn,delta"`
	Served     int32  `parquet:"served,delta"`
	LocalPort  int32  `parquet:"local_port,delta"`
	RemoteAddr string `parquet:"remote_addr,dict"`
	Pod        string `parquet:"pod,dict"`
	ConnPod    string `parquet:"conn_pod,dict"`
	Maskable   bool   `parquet:"maskable"`
}

func rowOf(s *Sample) row {
	return row{
		Stream:     s.Stream,
		Sender:     int32(s.Sender),
		Seq:        int64(s.Seq),
		Scheduled:  s.Scheduled.UnixNano(),
		Sent:       s.Sent.Microseconds(),
		Resolved:   point(s.Resolved),
		Acquired:   point(s.Acquired),
		Written:    point(s.Written),
		FirstByte:  point(s.FirstByte),
		End:        s.End.Microseconds(),
		Lookup:     s.Lookup.Microseconds(),
		Outcome:    string(s.Outcome),
		Phase:      string(s.Phase),
		Class:      string(s.Class),
		Error:      s.Error,
		Status:     int32(s.Status),
		BytesOut:   s.BytesOut,
		BytesIn:    s.BytesIn,
		Conn:       int64(s.Conn),
		Served:     int32(s.Served),
		LocalPort:  int32(s.LocalPort),
		RemoteAddr: s.RemoteAddr,
		Pod:        s.Pod,
		ConnPod:    s.ConnPod,
		Maskable:   s.Maskable,
	}
}

// point is a point that a request may not have come to. A worker may be early by
// the precision of a timer, but no value other than notReached may look like it.
func point(d time.Duration) int64 {
	if d == NotReached {
		return notReached
	}
	return max(d.Microseconds(), 0)
}
