package recording

import "time"

// row is a sample as a Parquet row. Texts that repeat are dictionary columns,
// times and counters are delta encoded, so that a sample costs few bytes.
type row struct {
	Stream    string `parquet:"stream,dict"`
	Seq       int64  `parquet:"seq,delta"`
	Scheduled int64  `parquet:"scheduled_unix_ns,delta"`
	Sent      int64  `parquet:"sent_ns,delta"`
	Acquired  int64  `parquet:"acquired_ns,delta"`
	Written   int64  `parquet:"written_ns,delta"`
	FirstByte int64  `parquet:"first_byte_ns,delta"`
	End       int64  `parquet:"end_ns,delta"`

	Outcome string `parquet:"outcome,dict"`
	Phase   string `parquet:"phase,dict"`
	Class   string `parquet:"class,dict"`
	Error   string `parquet:"error,dict"`
	Status  int32  `parquet:"status,delta"`
	BytesIn int64  `parquet:"bytes_in,delta"`

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
		Seq:        int64(s.Seq),
		Scheduled:  s.Scheduled.UnixNano(),
		Sent:       int64(s.Sent),
		Acquired:   int64(s.Acquired),
		Written:    int64(s.Written),
		FirstByte:  int64(s.FirstByte),
		End:        int64(s.End),
		Outcome:    string(s.Outcome),
		Phase:      string(s.Phase),
		Class:      string(s.Class),
		Error:      s.Error,
		Status:     int32(s.Status),
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

func (r *row) sample() Sample {
	return Sample{
		Stream:     r.Stream,
		Seq:        uint64(r.Seq),
		Scheduled:  time.Unix(0, r.Scheduled).UTC(),
		Sent:       time.Duration(r.Sent),
		Acquired:   time.Duration(r.Acquired),
		Written:    time.Duration(r.Written),
		FirstByte:  time.Duration(r.FirstByte),
		End:        time.Duration(r.End),
		Outcome:    Outcome(r.Outcome),
		Phase:      Phase(r.Phase),
		Class:      Class(r.Class),
		Error:      r.Error,
		Status:     int(r.Status),
		BytesIn:    r.BytesIn,
		Conn:       uint64(r.Conn),
		Served:     uint32(r.Served),
		LocalPort:  uint16(r.LocalPort),
		RemoteAddr: r.RemoteAddr,
		Pod:        r.Pod,
		ConnPod:    r.ConnPod,
		Maskable:   r.Maskable,
	}
}
