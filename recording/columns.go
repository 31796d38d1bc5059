package recording

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/parquet-go/parquet-go"
)

// columns are the samples of one segment, column by column as Parquet holds
// them. To put them together one by one costs a fraction of what reading rows
// does. They are made to be loaded again and again.
type columns struct {
	rows int
	// unit is that of the points of a request.
	unit  time.Duration
	check pageCheck

	stream, outcome, phase, class, text     texts
	remoteAddr, pod, connPod                texts
	seq, scheduled                          integers
	sent, acquired, written, firstByte, end integers
	resolved, lookup                        integers
	status, bytesOut, bytesIn               integers
	sender                                  integers
	conn, served, localPort                 integers
	maskable                                flags
}

// column takes over one column, chunk by chunk.
type column interface {
	reset()
	take(page parquet.Page) error
	length() int
}

// pointsSuffix tells a segment's columns of points by their unit.
var pointsSuffix = map[time.Duration]string{time.Microsecond: "_us", time.Nanosecond: "_ns"}

// namedColumn is a column with its name in the file.
type namedColumn struct {
	name string
	column
}

func (c *columns) named() []namedColumn {
	suffix := pointsSuffix[c.unit]
	return []namedColumn{
		{"stream", &c.stream},
		{"sender", &c.sender},
		{"seq", &c.seq},
		{"scheduled_unix_ns", &c.scheduled},
		{"sent" + suffix, &c.sent},
		{"resolved" + suffix, &c.resolved},
		{"acquired" + suffix, &c.acquired},
		{"written" + suffix, &c.written},
		{"first_byte" + suffix, &c.firstByte},
		{"end" + suffix, &c.end},
		{"lookup" + suffix, &c.lookup},
		{"outcome", &c.outcome},
		{"phase", &c.phase},
		{"class", &c.class},
		{"error", &c.text},
		{"status", &c.status},
		{"bytes_out", &c.bytesOut},
		{"bytes_in", &c.bytesIn},
		{"conn", &c.conn},
		{"served", &c.served},
		{"local_port", &c.localPort},
		{"remote_addr", &c.remoteAddr},
		{"pod", &c.pod},
		{"conn_pod", &c.connPod},
		{"maskable", &c.maskable},
	}
}

// lacks fills a column that older tools did not write; it is false for one that
// every segment has.
func (c *columns) lacks(missing column) bool {
	switch missing {
	case &c.sender:
		c.sender.fill(0, c.rows)
	case &c.bytesOut:
		c.bytesOut.fill(0, c.rows)
	case &c.lookup:
		c.lookup.fill(0, c.rows)
	case &c.resolved:
		c.resolved.fill(notReached, c.rows)
	default:
		return false
	}
	return true
}

// load decodes a segment's Parquet file. The Parquet library panics on some
// malformed ones; to the person with a damaged recording that is an error like
// any other.
func (c *columns) load(data []byte) (err error) {
	defer panicAsError(&err)
	file, err := openSegment(data)
	if err != nil {
		return err
	}
	if err := c.check.segment(data, file); err != nil {
		return err
	}
	c.rows = int(file.NumRows())
	c.unit = time.Nanosecond // that of version 1
	if _, ok := file.Schema().Lookup("end" + pointsSuffix[time.Microsecond]); ok {
		c.unit = time.Microsecond
	}
	for _, column := range c.named() {
		column.reset()
		leaf, ok := file.Schema().Lookup(column.name)
		if !ok && c.lacks(column.column) {
			continue
		}
		if !ok {
			return fmt.Errorf("it has no column %s", column.name)
		}
		if !leaf.Node.Leaf() || !leaf.Node.Required() {
			return fmt.Errorf("column %s: it has values that may be missing", column.name)
		}
		for _, group := range file.RowGroups() {
			if err := eachPage(group.ColumnChunks()[leaf.ColumnIndex], column.take); err != nil {
				return fmt.Errorf("column %s: %w", column.name, err)
			}
		}
		if column.length() != c.rows {
			return fmt.Errorf("column %s: %d values for %d rows", column.name, column.length(), c.rows)
		}
	}
	return nil
}

// openSegment reads a segment's footer.
func openSegment(data []byte) (*parquet.File, error) {
	if err := checkFooter(data); err != nil {
		return nil, err
	}
	return parquet.OpenFile(bytes.NewReader(data), int64(len(data)), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
}

// checkFooter tells whether a footer of the length that the file's end tells can
// be in it. The Parquet library takes any length at its word, and that much
// memory.
func checkFooter(data []byte) error {
	const magic, length = 4, 4
	end := len(data) - magic - length
	if end < magic {
		return fmt.Errorf("%d bytes are no Parquet file", len(data))
	}
	footer := int64(binary.LittleEndian.Uint32(data[end:]))
	switch {
	case footer > int64(end-magic):
		return fmt.Errorf("a footer of %d bytes in a file of %d", footer, len(data))
	case footer > mostFooter:
		return fmt.Errorf("a footer of %d bytes; at most %d are read", footer, mostFooter)
	}
	return checkCounts(data[int64(end)-footer : end])
}

func eachPage(chunk parquet.ColumnChunk, take func(parquet.Page) error) error {
	pages := chunk.Pages()
	defer pages.Close() //nolint:errcheck // nothing was written
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = take(page)
		parquet.Release(page)
		if err != nil {
			return err
		}
	}
}

func panicAsError(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("malformed Parquet: %v", p)
	}
}

// sample puts together row i.
func (c *columns) sample(i int) Sample {
	point := func(column integers) time.Duration {
		if column[i] == notReached {
			return NotReached
		}
		return time.Duration(column[i]) * c.unit
	}
	return Sample{
		Stream:     c.stream.at(i),
		Sender:     int(c.sender[i]),
		Seq:        uint64(c.seq[i]),
		Scheduled:  time.Unix(0, c.scheduled[i]).UTC(),
		Sent:       time.Duration(c.sent[i]) * c.unit,
		Resolved:   point(c.resolved),
		Acquired:   point(c.acquired),
		Written:    point(c.written),
		FirstByte:  point(c.firstByte),
		End:        time.Duration(c.end[i]) * c.unit,
		Lookup:     time.Duration(c.lookup[i]) * c.unit,
		Outcome:    Outcome(c.outcome.at(i)),
		Phase:      Phase(c.phase.at(i)),
		Class:      Class(c.class.at(i)),
		Error:      c.text.at(i),
		Status:     int(c.status[i]),
		BytesOut:   c.bytesOut[i],
		BytesIn:    c.bytesIn[i],
		Conn:       uint64(c.conn[i]),
		Served:     uint32(c.served[i]),
		LocalPort:  uint16(c.localPort[i]),
		RemoteAddr: c.remoteAddr.at(i),
		Pod:        c.pod.at(i),
		ConnPod:    c.connPod.at(i),
		Maskable:   c.maskable[i],
	}
}

// integers is a column of whole numbers of 32 or 64 bits.
type integers []int64

func (v *integers) reset()      { *v = (*v)[:0] }
func (v *integers) length() int { return len(*v) }

func (v *integers) fill(value int64, n int) { *v = append(*v, slices.Repeat([]int64{value}, n)...) }

func (v *integers) take(page parquet.Page) error {
	values := page.Data()
	switch {
	case page.Dictionary() != nil:
		return errors.New("it is a dictionary")
	case page.Type().Kind() == parquet.Int32:
		for _, value := range values.Int32() {
			*v = append(*v, int64(value))
		}
	default:
		*v = append(*v, values.Int64()...)
	}
	return nil
}

// texts is a column of texts that repeat.
type texts struct {
	index  []int32
	values []string
	// dictionary is where the values behind first come from.
	dictionary parquet.Dictionary
	first      int32
}

func (t *texts) reset() {
	clear(t.values)
	t.index, t.values, t.dictionary = t.index[:0], t.values[:0], nil
}

func (t *texts) length() int     { return len(t.index) }
func (t *texts) at(i int) string { return t.values[t.index[i]] }

func (t *texts) take(page parquet.Page) error {
	dictionary := page.Dictionary()
	if dictionary == nil {
		return errors.New("it is no dictionary")
	}
	if dictionary != t.dictionary {
		t.dictionary, t.first = dictionary, int32(len(t.values))
		for i := range int32(dictionary.Len()) {
			t.values = append(t.values, string(dictionary.Index(i).ByteArray()))
		}
	}
	values := page.Data()
	for _, i := range values.Int32() {
		if i < 0 || int(i) >= dictionary.Len() {
			return fmt.Errorf("entry %d of a dictionary of %d", i, dictionary.Len())
		}
		t.index = append(t.index, t.first+i)
	}
	return nil
}

// flags is a column of truths.
type flags []bool

func (f *flags) reset()      { *f = (*f)[:0] }
func (f *flags) length() int { return len(*f) }

func (f *flags) take(page parquet.Page) error {
	reader, ok := page.Values().(parquet.BooleanReader)
	if !ok {
		return errors.New("it holds no truths")
	}
	from := len(*f)
	*f = append(*f, make([]bool, page.NumValues())...)
	n, err := reader.ReadBooleans((*f)[from:])
	*f = (*f)[:from+n]
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
