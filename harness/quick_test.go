package harness

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// That the lock's bits are those of this build is checked by `mtobench selftest`, one run of six, and by `mtobench calibrate` and `lock`, all of them.
func TestShippedLockFitsTheQuickStudyAndItsTargetIsAdmissible(t *testing.T) {
	c, err := Quick(nil)
	require.NoError(t, err)
	s, err := NewStudy(c, Options{Out: t.TempDir(), Monitor: new(quiet), Command: []string{"none"}})
	require.NoError(t, err)
	require.NotNil(t, s.Lock, "remake it: mtobench calibrate and lock, then copy study.lock.json to harness/quick.lock.json")
	require.True(t, s.Quick)
	require.Empty(t, s.Lock.primary().Refused)
	require.Len(t, s.Lock.Seeds, 6)

	c, err = Quick([]string{"train.epochs=7"})
	require.NoError(t, err)
	s, err = NewStudy(c, Options{Out: t.TempDir(), Monitor: new(quiet), Command: []string{"none"}})
	require.NoError(t, err)
	require.Nil(t, s.Lock, "other settings calibrate their own")
}

func TestConfigurationOtherThanTheLocksIsRefusedByItsKey(t *testing.T) {
	lock := quickLock()
	require.NotNil(t, lock)
	c, err := Load("defaults", nil, append(lock.Overrides(), "train.base_lr=1e-3"))
	require.NoError(t, err)
	_, err = NewStudy(c, Options{Out: t.TempDir(), Lock: lock, Monitor: new(quiet), Command: []string{"none"}})
	require.ErrorIs(t, err, ErrLock)
	require.ErrorContains(t, err, "train.base_lr is")
	require.Equal(t, ExitConfig, ExitStatus(err))
}
