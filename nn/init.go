package nn

import "math"

// An Init says how a parameter starts. The zero value is zeros.
type Init struct {
	kind  initKind
	scale float64   // standard deviation, or half-width of the uniform
	table []float32 // initTable only
}

type initKind uint8

const (
	initZeros initKind = iota
	initOnes
	initNormal
	initTruncNormal
	initUniform
	initTable
)

// InitZeros starts with zeros.
func InitZeros() Init { return Init{} }

// InitOnes starts with ones.
func InitOnes() Init { return Init{kind: initOnes} }

// InitNormal draws from Normal(0, std²).
func InitNormal(std float64) Init { return Init{kind: initNormal, scale: std} }

// InitTruncNormal draws from Normal(0, std²) cut at two standard deviations.
func InitTruncNormal(std float64) Init { return Init{kind: initTruncNormal, scale: std} }

// InitXavierUniform draws from the uniform distribution on [-a, a) with
// a = sqrt(6/(fanIn+fanOut)): Glorot and Bengio, AISTATS 2010.
func InitXavierUniform(fanIn, fanOut int) Init {
	return Init{kind: initUniform, scale: math.Sqrt(6 / float64(fanIn+fanOut))}
}

// InitTable starts with the given values, one for each element. It keeps a
// reference to them.
func InitTable(values []float32) Init { return Init{kind: initTable, table: values} }

// fill writes the initial values of the tensor called name into dst. Element i
// draws from stream init/<name>, epoch 0, index i, so no element depends on
// another.
func (in Init) fill(dst []float32, name string, seed uint64) {
	s := NewStream(seed, "init/"+name)
	scale := float32(in.scale)
	for i := range dst {
		d := s.At(0, uint32(i))
		switch in.kind {
		case initZeros:
			dst[i] = 0
		case initOnes:
			dst[i] = 1
		case initNormal:
			dst[i] = scale * d.Normal()
		case initTruncNormal:
			dst[i] = scale * d.TruncNormal(2)
		case initUniform:
			u := d.Uniform()
			dst[i] = scale * (u + u - 1)
		case initTable:
			dst[i] = in.table[i]
		}
	}
}
