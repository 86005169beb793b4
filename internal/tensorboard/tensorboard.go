// Package tensorboard writes scalars as TensorBoard reads them: event files of framed protocol-buffer
// messages (tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto and
// tensorflow/core/lib/io/record_writer.h of the TensorFlow project define them). It needs neither
// TensorFlow nor a protocol-buffer compiler: an event has five fields.
package tensorboard

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"time"

	"github.com/mtobench/mtobench/internal/atomicfile"
)

// A Point is what was measured at one optimizer step.
type Point struct {
	Step    int
	Time    time.Time
	Scalars []Scalar
}

// A Scalar is one named number. TensorBoard holds it as float32.
type Scalar struct {
	Tag   string
	Value float64
}

// Encode writes an event file: its version, then one event a point. Scalars that aren't finite are left
// out. The same arguments give the same bytes, and more points only add bytes at the end.
func Encode(started time.Time, points []Point) []byte {
	version := appendDouble(nil, 1, seconds(started))
	version = appendBytes(version, 3, []byte("brain.Event:2"))
	file := appendRecord(nil, version)
	for _, p := range points {
		var summary []byte
		for _, s := range p.Scalars {
			if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) {
				continue
			}
			value := appendBytes(nil, 1, []byte(s.Tag))
			value = binary.AppendUvarint(value, 2<<3|5) // simple_value, a float
			value = binary.LittleEndian.AppendUint32(value, math.Float32bits(float32(s.Value)))
			summary = appendBytes(summary, 1, value)
		}
		event := appendDouble(nil, 1, seconds(p.Time))
		event = binary.AppendUvarint(event, 2<<3) // step, a varint
		event = binary.AppendUvarint(event, uint64(p.Step))
		event = appendBytes(event, 5, summary)
		file = appendRecord(file, event)
	}
	return file
}

// seconds since 1970.
func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

// appendDouble writes a field of eight bytes (wire type 1).
func appendDouble(b []byte, field uint64, v float64) []byte {
	b = binary.AppendUvarint(b, field<<3|1)
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
}

// appendBytes writes a field with its length before it (wire type 2).
func appendBytes(b []byte, field uint64, data []byte) []byte {
	b = binary.AppendUvarint(b, field<<3|2)
	b = binary.AppendUvarint(b, uint64(len(data)))
	return append(b, data...)
}

// appendRecord frames one message: length, its checksum, the message, its checksum.
func appendRecord(file, message []byte) []byte {
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], uint64(len(message)))
	file = append(file, length[:]...)
	file = binary.LittleEndian.AppendUint32(file, masked(length[:]))
	file = append(file, message...)
	return binary.LittleEndian.AppendUint32(file, masked(message))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked is CRC-32C turned by 15 bits plus a constant, so that the checksum of data that holds a
// checksum stays useful.
func masked(data []byte) uint32 {
	crc := crc32.Checksum(data, castagnoli)
	return (crc>>15 | crc<<17) + 0xa282ead8
}

// Sync makes the file hold data. Where it holds a part of it from the beginning, as it does while a run
// goes on and after a process was killed within a write, the rest is appended, so that a TensorBoard that
// has it open sees it grow. Anything else, say what a damaged disk left, is replaced at once.
func Sync(path string, data []byte) error {
	have, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	switch {
	case bytes.Equal(have, data):
		return nil
	case len(have) == 0 || !bytes.HasPrefix(data, have):
		return atomicfile.Replace(path, data)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	if _, err := f.Write(data[len(have):]); err != nil {
		f.Close()
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return f.Close()
}
