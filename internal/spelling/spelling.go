// Package spelling finds the name that a mistyped one was meant for. Errors about unknown keys, values and
// methods use it.
package spelling

// Nearest returns the word at the smallest edit distance from the one given, the first of equals.
func Nearest(word string, words []string) string {
	best, at := "", 1<<30
	for _, w := range words {
		if d := Distance(word, w); d < at {
			best, at = w, d
		}
	}
	return best
}

// Distance counts the insertions, deletions and replacements of bytes that turn a into b.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
