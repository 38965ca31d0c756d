// Package output renders a report, one file per format. It decides nothing: verdicts and the exit code are the report's.
package output
