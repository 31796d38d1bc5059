package recording

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The Parquet library takes the counts of a file at their word: it makes room for a
// list, a page or its values before it finds that they are not there. So they are
// looked at before: every count of the footer, then those of each page. What our own
// writer makes is far below these bounds.
const (
	mostFooter = 1 << 16
	// mostRows bounds the samples of a segment. Version 1 had up to 2^17.
	mostRows = 1 << 18
	// mostDecoded bounds the pages of a segment when they are decompressed.
	mostDecoded = 64 * most
	// mostNesting is that of the footer's structures; Parquet's own is below ten.
	mostNesting = 32
)

var compact thrift.CompactProtocol

// checkCounts tells whether a structure in Thrift's compact protocol claims no more
// elements than its bytes can hold.
func checkCounts(data []byte) error {
	r := compact.NewReaderFromBytes(data)
	return countStruct(r, len(data), mostNesting)
}

func countStruct(r thrift.BytesReader, length, nesting int) error {
	if nesting == 0 {
		return errors.New("malformed Parquet: it is nested too deeply")
	}
	for {
		field, err := r.ReadField()
		if err != nil {
			return err
		}
		if field.Type == thrift.STOP {
			return nil
		}
		if field.Type == thrift.TRUE || field.Type == thrift.FALSE {
			continue // the type is the value
		}
		if err := countValue(r, field.Type, length, nesting-1); err != nil {
			return err
		}
	}
}

func countValue(r thrift.BytesReader, of thrift.Type, length, nesting int) (err error) {
	switch of {
	case thrift.TRUE, thrift.FALSE:
		_, err = r.ReadBool()
	case thrift.I8:
		_, err = r.ReadInt8()
	case thrift.I16:
		_, err = r.ReadInt16()
	case thrift.I32:
		_, err = r.ReadInt32()
	case thrift.I64:
		_, err = r.ReadInt64()
	case thrift.DOUBLE:
		_, err = r.ReadFloat64()
	case thrift.BINARY:
		_, err = r.ReadBytes()
	case thrift.STRUCT:
		err = countStruct(r, length, nesting)
	case thrift.LIST, thrift.SET:
		var list thrift.List
		if list, err = r.ReadList(); err == nil {
			err = countElements(r, list, length, nesting)
		}
	default:
		err = fmt.Errorf("malformed Parquet: it has a %v", of)
	}
	return err
}

func countElements(r thrift.BytesReader, list thrift.List, length, nesting int) error {
	if nesting == 0 {
		return errors.New("malformed Parquet: it is nested too deeply")
	}
	if left := length - r.BytesRead(); list.Size < 0 || int(list.Size) > left {
		return fmt.Errorf("malformed Parquet: a list of %d in %d bytes", list.Size, left)
	}
	for range list.Size {
		if err := countValue(r, list.Type, length, nesting-1); err != nil {
			return err
		}
	}
	return nil
}

// pageCheck looks at the pages of a segment before the library decodes them. It is used
// for one after the other: what decompresses is made once, which matters where senders
// make many small ones.
type pageCheck struct {
	data    []byte
	rows    int
	decoded int64
	codec   zstd.Codec
	buffer  []byte
}

// chunk checks a column's chunk page by page.
func (p *pageCheck) chunk(meta *format.ColumnMetaData) error {
	from, length := meta.DataPageOffset, meta.TotalCompressedSize
	if meta.DictionaryPageOffset != 0 {
		from = meta.DictionaryPageOffset
	}
	if from < 0 || length < 0 || from > int64(len(p.data)) || length > int64(len(p.data))-from {
		return fmt.Errorf("%d bytes of pages from %d on in a file of %d", length, from, len(p.data))
	}
	if meta.Codec != format.Zstd && meta.Codec != format.Uncompressed {
		return fmt.Errorf("it is compressed with %v; want %v", meta.Codec, format.Zstd)
	}
	values := 0
	for left := p.data[from : from+length]; len(left) > 0; {
		if err := checkCounts(left); err != nil {
			return err
		}
		var header format.PageHeader
		r := compact.NewReaderFromBytes(left)
		if err := thrift.NewDecoder(r).Decode(&header); err != nil {
			return err
		}
		left = left[r.BytesRead():]
		size := int(header.CompressedPageSize)
		if size < 0 || size > len(left) || header.UncompressedPageSize < 0 {
			return fmt.Errorf("a page of %d bytes where there are %d", size, len(left))
		}
		if p.decoded += int64(header.UncompressedPageSize); p.decoded > mostDecoded {
			return fmt.Errorf("its pages take more than the %d bytes that are allowed", int64(mostDecoded))
		}
		n, err := p.page(meta.Codec, &header, left[:size])
		if err != nil {
			return err
		}
		if values += n; values > p.rows {
			return fmt.Errorf("%d values or more for %d rows", values, p.rows)
		}
		left = left[size:]
	}
	return nil
}

// page checks one page and tells how many values it holds; a dictionary holds none.
func (p *pageCheck) page(codec format.CompressionCodec, header *format.PageHeader, body []byte) (values int, err error) {
	var count int32
	var encoding format.Encoding
	compressed := codec == format.Zstd
	switch {
	case header.Type == format.DictionaryPage && header.DictionaryPageHeader.Valid:
		count, encoding = header.DictionaryPageHeader.V.NumValues, format.Plain
	case header.Type == format.DataPage && header.DataPageHeader.Valid:
		count, encoding = header.DataPageHeader.V.NumValues, header.DataPageHeader.V.Encoding
	case header.Type == format.DataPageV2 && header.DataPageHeaderV2.Valid:
		v2 := &header.DataPageHeaderV2.V
		if v2.DefinitionLevelsByteLength != 0 || v2.RepetitionLevelsByteLength != 0 || v2.NumNulls != 0 {
			return 0, errors.New("it has values that may be missing")
		}
		count, encoding = v2.NumValues, v2.Encoding
		compressed = compressed && (!v2.IsCompressed.Valid || v2.IsCompressed.V)
	default:
		return 0, fmt.Errorf("it has a page of type %v", header.Type)
	}
	if count < 0 || int(count) > p.rows {
		return 0, fmt.Errorf("a page of %d values for %d rows", count, p.rows)
	}
	if compressed {
		if bound := zstdBound(body); bound > mostDecoded {
			return 0, fmt.Errorf("a page of up to %d bytes; at most %d are allowed", bound, int64(mostDecoded))
		}
		if body, err = p.codec.Decode(p.buffer, body); err != nil {
			return 0, err
		}
		p.buffer = body
	}
	if len(body) != int(header.UncompressedPageSize) {
		return 0, fmt.Errorf("a page of %d bytes that claims %d", len(body), header.UncompressedPageSize)
	}
	if header.Type == format.DictionaryPage {
		return 0, nil
	}
	return int(count), checkValues(encoding, int(count), body)
}

// checkValues tells whether the encoded values claim to be as many as the page does.
func checkValues(encoding format.Encoding, count int, body []byte) error {
	switch encoding {
	case format.Plain:
		return nil // as many as there are bytes for
	case format.DeltaBinaryPacked:
		// The block's size, the number of its parts, the number of all values.
		for range 2 {
			_, n := binary.Uvarint(body)
			body = body[max(n, 0):]
		}
		if total, n := binary.Uvarint(body); n <= 0 || total > uint64(count) {
			return fmt.Errorf("a page of %d values for %d", total, count)
		}
		return nil
	case format.RLEDictionary, format.PlainDictionary: //nolint:staticcheck // files of others may still have it
		return checkRuns(count, body)
	default:
		return fmt.Errorf("its encoding is %v", encoding)
	}
}

// checkRuns looks through the runs of a page of entries of a dictionary: a run has
// its length, doubled, and one more where it is bit-packed in groups of eight.
func checkRuns(count int, body []byte) error {
	if len(body) == 0 {
		return nil
	}
	width := int(body[0])
	if width > 32 {
		return fmt.Errorf("entries of %d bits", width)
	}
	total := uint64(0)
	for body = body[1:]; len(body) > 0; {
		run, n := binary.Uvarint(body)
		if n <= 0 {
			return errors.New("a run has no length")
		}
		body = body[n:]
		length, bytes := run>>1, uint64((width+7)/8)
		if run&1 == 1 {
			bytes = min(length, math.MaxInt32) * uint64(width)
			length = min(length, math.MaxInt32) * 8
		}
		if total += length; total > uint64(count)+7 || length > uint64(count)+7 {
			return fmt.Errorf("runs of %d values or more for %d", total, count)
		}
		if bytes > uint64(len(body)) {
			return fmt.Errorf("a run of %d bytes where there are %d", bytes, len(body))
		}
		body = body[bytes:]
	}
	return nil
}

// zstdBound is how many bytes a zstd frame can give at most, by the headers of its
// blocks (RFC 8878, sections 3.1.1.1 and 3.1.1.2); the length of data that is no such
// frame or holds several, which is decoded then as far as it can be.
func zstdBound(data []byte) int64 {
	const magic, mostBlock = 0xfd2fb528, 128 << 10
	if len(data) < 6 || binary.LittleEndian.Uint32(data) != magic {
		return math.MaxInt64
	}
	descriptor := data[4]
	single := descriptor&0x20 != 0
	at := 5 + []int{0, 1, 2, 4}[descriptor&3] + []int{0, 2, 4, 8}[descriptor>>6]
	switch {
	case !single:
		at++
	case descriptor>>6 == 0:
		at++
	}
	var bound int64
	for at+3 <= len(data) {
		block := int(data[at]) | int(data[at+1])<<8 | int(data[at+2])<<16
		last, kind, size := block&1 == 1, block>>1&3, block>>3
		at += 3
		switch kind {
		case 0:
			bound += int64(size)
			at += size
		case 1:
			bound += int64(size)
			at++
		default:
			bound += mostBlock
			at += size
		}
		if last {
			if descriptor&4 != 0 {
				at += 4 // the checksum
			}
			if at != len(data) {
				return math.MaxInt64
			}
			return bound
		}
	}
	return math.MaxInt64
}

// segment checks all that the library would make room for.
func (p *pageCheck) segment(data []byte, file *parquet.File) error {
	rows := file.NumRows()
	if rows < 0 || rows > mostRows {
		return fmt.Errorf("%d rows; at most %d are read", rows, mostRows)
	}
	p.data, p.rows, p.decoded = data, int(rows), 0
	for _, group := range file.Metadata().RowGroups {
		for i := range group.Columns {
			meta := &group.Columns[i].MetaData
			if err := p.chunk(meta); err != nil {
				return fmt.Errorf("column %.40s: %w", strings.Join(meta.PathInSchema, "."), err)
			}
		}
	}
	return nil
}
