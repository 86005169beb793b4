package harness

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mtobench/mtobench/simd"
)

// ErrPair marks two arms of one seed that don't share what they must (methodology F5).
var ErrPair = errors.New("pair check")

// identify reads the manifest that the run began with, or makes it, and refuses to continue another run.
func (r *run) identify() error {
	m := &r.manifest
	m.describe()
	m.Seed, m.Arm = r.rc.Seed, r.rc.Arm
	m.Workload = r.rc.WorkloadHash(r.set.SHA256)
	m.Run = RunID(m.Workload, m.Seed, m.Arm)
	m.Precision, m.Arithmetic = r.rc.Train.Precision, simd.Arithmetic(r.rc.precision())
	m.DataName, m.DataSHA256 = r.set.Name, r.set.SHA256
	m.DataMean, m.DataStd = unitPixels(r.set.Mean), unitPixels(r.set.Std)
	m.PairHash, m.Params, m.FLOPs = r.stepper.PairHash(), r.stepper.Params(), r.stepper.FLOPsPerStep()
	m.ISA, m.Threads = isa(), r.threads
	if r.lock != nil {
		m.Study = r.lock.Hash
	}
	m.Started = r.clock.stamp()
	path := filepath.Join(r.dir, manifestName)
	r.first = Manifest{}
	switch err := readJSON(path, &r.first); {
	case errors.Is(err, os.ErrNotExist):
		r.first = *m
		return nil // enrol writes it
	case errors.Is(err, errDamaged):
		if err := os.Rename(path, path+damagedSuffix); err != nil {
			return err
		}
		r.say(fmt.Sprintf("manifest set aside as %s%s and made again: %v", manifestName, damagedSuffix, err))
		r.first = *m
		return nil
	case err != nil:
		return err
	}
	old := &r.first
	switch {
	case old.Numerics != m.Numerics:
		return fmt.Errorf("%w: %s: the run was begun with numerics %d, this program has %d: its bits would differ; finish it with the program that began it (%s), or start afresh with another --out", ErrConfig, r.dir, old.Numerics, m.Numerics, old.worker(0).build())
	case old.Arithmetic != m.Arithmetic:
		return fmt.Errorf("%w: %s: the run was begun with arithmetic %s, this CPU has %s: its bits would differ; continue it on a CPU of the first kind, or start afresh with another --out", ErrConfig, r.dir, old.Arithmetic, m.Arithmetic)
	case old.Run != m.Run || old.Study != m.Study:
		return fmt.Errorf("%w: %s: it holds run %s of study %.16s, not run %s of study %.16s; choose another --out", ErrConfig, r.dir, old.Run, old.Study, m.Run, m.Study)
	case old.PairHash != m.PairHash:
		return fmt.Errorf("%w: %s: initial weights or streams differ from those the run began with: %.16s, now %.16s; this program draws other numbers, start afresh with another --out", ErrPair, r.dir, old.PairHash, m.PairHash)
	}
	return nil
}

// siblingDir is the folder of the other arm of the same seed.
func (r *run) siblingDir() string {
	other := ArmOff
	if r.rc.Arm == ArmOff {
		other = ArmOn
	}
	return filepath.Join(filepath.Dir(r.dir), armDir(other))
}

func armDir(arm string) string { return "mto=" + arm }

// checkSibling compares step 0 with the other arm's, if that has begun: streams, initial weights and
// quality must be the same bits. The outcome is recorded. Of an arm whose files are damaged nothing is compared here,
// but when the study is collected: it makes them again when it goes on.
func (r *run) checkSibling(p Point) error {
	other, start, err := r.siblingStart()
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil // the arm that comes second checks
	case errors.Is(err, errDamaged):
		r.log.Warn("not compared with the other arm", "reason", err)
		return nil
	case err != nil:
		return err
	}
	if err := samePair(other, r.manifest, start, p); err != nil {
		return err
	}
	return r.events.add(eventPairCheck, r.manifest.PairHash, map[string]any{"with": other.Run, "top1_pct": p.Top1})
}

// siblingStart reads the other arm's manifest and its evaluation before training.
func (r *run) siblingStart() (m Manifest, start Point, err error) {
	if err := readJSON(filepath.Join(r.siblingDir(), manifestName), &m); err != nil {
		return m, start, err
	}
	path := filepath.Join(r.siblingDir(), curveName)
	curve, err := ReadCurve(path)
	if err != nil {
		return m, start, err
	}
	if len(curve) == 0 {
		return m, start, fmt.Errorf("%s: %w: no evaluation", path, errDamaged)
	}
	return m, curve[0], nil
}

// samePair refuses two arms whose step 0 differs.
func samePair(a, b Manifest, pa, pb Point) error {
	switch {
	case a.Arithmetic != b.Arithmetic:
		return fmt.Errorf("%w: seed %d: train.precision %s was computed as %s in one arm, %s in the other: their bits don't compare; run both on CPUs of one kind", ErrPair, a.Seed, a.Precision, a.Arithmetic, b.Arithmetic)
	case a.PairHash != b.PairHash:
		return fmt.Errorf("%w: seed %d: initial weights, order, crops or masks differ between the arms: %.16s and %.16s", ErrPair, a.Seed, a.PairHash, b.PairHash)
	case pa.Top1 != pb.Top1 || pa.KNN != pb.KNN || pa.Recon != pb.Recon:
		return fmt.Errorf("%w: seed %d: quality before training differs between the arms: top-1 %v and %v %%, kNN %v and %v %%, reconstruction loss %v and %v",
			ErrPair, a.Seed, pa.Top1, pb.Top1, pa.KNN, pb.KNN, pa.Recon, pb.Recon)
	}
	return nil
}
