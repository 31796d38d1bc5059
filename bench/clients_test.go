package bench

import "testing"

func TestParseWrk(t *testing.T) {
	const told = `Running 2s test @ http://127.0.0.1:1/
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   134.91us  171.61us   6.73ms   96.58%
    Req/Sec    92.59k     3.04k   96.97k    70.00%
  185203 requests in 2.10s, 16.60MB read
`
	const rates = "Requests/sec:  88190.51\nTransfer/sec:      7.90MB\n"
	if n, err := parseWrk(told + rates); n != 185203 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	for _, text := range []string{
		"unable to connect to 127.0.0.1:1 Connection refused\n",
		"  0 requests in 2.10s, 0.00B read\n" + rates,
		told + "  Socket errors: connect 0, read 3, write 0, timeout 0\n" + rates,
		told + "  Non-2xx or 3xx responses: 17\n" + rates,
	} {
		if n, err := parseWrk(text); err == nil {
			t.Errorf("%d requests, no error in:\n%s", n, text)
		}
	}
}
