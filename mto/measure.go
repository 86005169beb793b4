package mto

import (
	"fmt"
	"math"

	"github.com/mtobench/mtobench/nn"
)

// Measure names the tensors of one network that show where MTO stands; see
// Read. Recording them changes no bit of the training.
type Measure struct {
	Network string

	token   nn.Tensor
	layers  []nn.Heterogeneity // l = 0..L
	masses  []nn.Tensor        // [B,h,n] of each block
	scratch []float32
}

// Reading is a Measure in numbers, for the batch of the last step. H and Cosine
// have an entry for l = 0 (the mask token against the visible embeddings) and
// each block; MaskedMass has one a block.
type Reading struct {
	Network    string
	H          []float64 // heterogeneity, mean over masked tokens and batch
	Cosine     []float64 // greatest centred cosine to a visible token, the same mean
	MaskedMass []float64 // attention of visible rows on masked keys, mean over rows, heads and batch
	TokenNorm  float64   // Euclidean norm of the mask token
}

func (n *network) measure() Measure {
	blocks := len(n.tap.Attention)
	n.heterogeneity(blocks)
	if n.sparsity == nil {
		n.recordSparsity(0, 0)
	}
	m := Measure{Network: n.tap.Network, token: n.tap.MaskToken, layers: n.layers}
	for _, h := range n.layers {
		n.p.Keep(h.H, h.Cosine)
	}
	for _, s := range n.sparsity {
		m.masses = append(m.masses, s.Mass)
	}
	n.p.Keep(m.masses...)
	return m
}

// Read downloads what the last step of the program on dev left.
func (m *Measure) Read(dev nn.Device) (Reading, error) {
	r := Reading{Network: m.Network}
	for _, h := range m.layers {
		r.H = append(r.H, 0)
		r.Cosine = append(r.Cosine, 0)
		if err := m.mean(dev, h.H, &r.H[len(r.H)-1]); err != nil {
			return r, err
		}
		if err := m.mean(dev, h.Cosine, &r.Cosine[len(r.Cosine)-1]); err != nil {
			return r, err
		}
	}
	for _, t := range m.masses {
		r.MaskedMass = append(r.MaskedMass, 0)
		if err := m.mean(dev, t, &r.MaskedMass[len(r.MaskedMass)-1]); err != nil {
			return r, err
		}
	}
	token, err := m.download(dev, m.token)
	if err != nil {
		return r, err
	}
	for _, x := range token {
		r.TokenNorm += float64(float64(x) * float64(x))
	}
	r.TokenNorm = math.Sqrt(r.TokenNorm)
	return r, nil
}

func (m *Measure) mean(dev nn.Device, t nn.Tensor, mean *float64) error {
	x, err := m.download(dev, t)
	if err != nil {
		return err
	}
	for _, v := range x {
		*mean += float64(v)
	}
	*mean /= float64(len(x))
	return nil
}

func (m *Measure) download(dev nn.Device, t nn.Tensor) ([]float32, error) {
	if len(m.scratch) < t.Len() {
		m.scratch = make([]float32, t.Len())
	}
	x := m.scratch[:t.Len()]
	if err := dev.Download(x, t); err != nil {
		return nil, fmt.Errorf("mto: measure %s: %w", m.Network, err)
	}
	return x, nil
}
