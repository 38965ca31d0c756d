package main

import (
	"path/filepath"
	"testing"

	"github.com/etcdbake/etcdbake/tools/goldenfile"
)

func TestTheSchemaIsThatOfTheTypes(t *testing.T) {
	got, err := generate("../..")
	if err != nil {
		t.Fatal(err)
	}
	goldenfile.Compare(t, filepath.Join("..", "..", "cluster.schema.json"), got)
}
