package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// closest returns the word that was probably meant, "" if none is close.
func closest(word string, words []string) string {
	best, score := "", 0.6 // below, suggestions look like guesses
	params := levenshtein.NewParams().BonusPrefix(4).BonusThreshold(0)
	for _, w := range words {
		if s := levenshtein.Match(strings.ToLower(word), w, params); s > score {
			best, score = w, s
		}
	}
	return best
}

// didYouMean is a hint that suggests the closest of words, or lists them all under the given heading.
func didYouMean(word string, words []string, heading string) string {
	if w := closest(word, words); w != "" {
		return fmt.Sprintf("did you mean %q?", w)
	}
	return heading + ": " + strings.Join(words, ", ")
}

// either joins words for a sentence: "a, b or c".
func either(words []string) string {
	if n := len(words); n > 1 {
		words = append(slices.Clone(words[:n-2]), words[n-2]+" or "+words[n-1])
	}
	return strings.Join(words, ", ")
}
