package collect

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/etcdbake/etcdbake/verify/facts"
)

// tcpFault puts a failed TCP connection into words.
func tcpFault(addr string, err error) *facts.Fault {
	f := &facts.Fault{Stage: facts.TCP, Evidence: err.Error()}
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		f.Kind, f.Words = facts.NoDNS, fmt.Sprintf("the host name %s does not resolve", dns.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		f.Kind, f.Words = facts.Refused, fmt.Sprintf("connection refused: nothing listens on %s", addr)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		f.Kind, f.Words = facts.Unroutable, fmt.Sprintf("no route to %s", addr)
	case timedOut(err):
		f.Kind, f.Words = facts.Silent, fmt.Sprintf("no answer from %s: the host is down, or a firewall drops the packets", addr)
		f.Evidence = "no TCP handshake"
	default:
		f.Words = fmt.Sprintf("cannot connect to %s", addr)
	}
	return f
}

// tlsFault puts a failed TLS handshake into words.
func tlsFault(addr string, err error) *facts.Fault {
	f := &facts.Fault{Stage: facts.TLS, Evidence: err.Error()}
	var record tls.RecordHeaderError
	switch alert, refused := alertOf(err); {
	case errors.As(err, &record):
		f.Kind, f.Words = facts.Plaintext, fmt.Sprintf("%s does not speak TLS", addr)
	case refused && strings.Contains(alert, "certificate"):
		f.Kind, f.Words = facts.CertRefused, refusal(alert)
	case refused:
		f.Words = fmt.Sprintf("%s ends the TLS handshake: %s", addr, alert)
	case timedOut(err):
		f.Kind, f.Words = facts.Mute, fmt.Sprintf("%s accepts connections but answers nothing", addr)
		f.Evidence = "TCP connected, no TLS answer"
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		f.Words = fmt.Sprintf("%s closes the connection during the TLS handshake", addr)
	default:
		f.Words = fmt.Sprintf("TLS handshake with %s failed", addr)
	}
	return f
}

// rpcFault puts a failed call into words; readErr is the first error of the connection below it, if any: under TLS 1.3 a
// server refuses a client's certificate only after the handshake.
func rpcFault(err, readErr error) *facts.Fault {
	f := &facts.Fault{Stage: facts.RPC, Evidence: err.Error()}
	if alert, refused := alertOf(readErr); refused {
		f.Stage, f.Kind, f.Words, f.Evidence = facts.TLS, facts.CertRefused, refusal(alert), readErr.Error()
		return f
	}
	code := codeOf(err)
	text := rpctypes.ErrorDesc(err)
	short := strings.TrimPrefix(text, "etcdserver: ")
	switch {
	case isAny(text, deniedTexts()), strings.HasPrefix(text, rawAuthPrefix),
		code == codes.PermissionDenied, code == codes.Unauthenticated:
		f.Kind, f.Words = facts.Denied, "authentication is on and our rights do not suffice: "+short
	case isAny(text, noQuorumTexts()):
		f.Kind, f.Words = facts.NoQuorum, "the member cannot reach a quorum: "+short
	case isAny(text, movedTexts()):
		f.Kind, f.Words = facts.Moved, "the revision was compacted, or has not been reached yet"
	case text == desc(rpctypes.ErrGRPCNoSpace):
		f.Kind, f.Words = facts.Full, "the database has reached its quota"
	case text == desc(rpctypes.ErrGRPCNotSupportedForLearner):
		f.Kind, f.Words = facts.IsLearner, "a learner does not answer this"
	case code == codes.DeadlineExceeded || timedOut(err):
		f.Kind, f.Words, f.Evidence = facts.Mute, "the port is open but the call is not answered in time", "no answer to the call"
	case code == codes.Canceled || errors.Is(err, context.Canceled):
		f.Words = "interrupted"
	case code == codes.Unavailable && readErr != nil:
		f.Words = "the member closes the connection"
	default:
		f.Words = "the call failed: " + short
	}
	return f
}

func codeOf(err error) codes.Code {
	var etcd rpctypes.EtcdError
	if errors.As(err, &etcd) {
		return etcd.Code()
	}
	return status.Code(err)
}

// rawAuthPrefix begins what 3.5 says where it forgets to turn its own error into one of rpctypes (HashKV does).
const rawAuthPrefix = "auth: "

func deniedTexts() []string {
	return []string{desc(rpctypes.ErrGRPCUserEmpty), desc(rpctypes.ErrGRPCPermissionDenied), desc(rpctypes.ErrGRPCAuthFailed),
		desc(rpctypes.ErrGRPCInvalidAuthToken), desc(rpctypes.ErrGRPCAuthOldRevision), desc(rpctypes.ErrGRPCUserNotFound)}
}

func movedTexts() []string {
	return []string{desc(rpctypes.ErrGRPCCompacted), desc(rpctypes.ErrGRPCFutureRev)}
}

func noQuorumTexts() []string {
	return []string{desc(rpctypes.ErrGRPCNoLeader), desc(rpctypes.ErrGRPCTimeout), desc(rpctypes.ErrGRPCTimeoutDueToLeaderFail),
		desc(rpctypes.ErrGRPCTimeoutDueToConnectionLost), desc(rpctypes.ErrGRPCTimeoutWaitAppliedIndex),
		desc(rpctypes.ErrGRPCLeaderChanged), desc(rpctypes.ErrGRPCNotLeader), "raft proposal dropped"}
}

func desc(err error) string { return rpctypes.ErrorDesc(err) }

func isAny(s string, list []string) bool {
	for _, x := range list {
		if s == x {
			return true
		}
	}
	return false
}

func refusal(alert string) string {
	return "it refuses our client certificate: " + strings.TrimPrefix(alert, "tls: ")
}

// alertOf returns the TLS alert that the other side sent, by crypto/tls's words.
func alertOf(err error) (alert string, ok bool) {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" {
		return op.Err.Error(), true
	}
	return "", false
}

func timedOut(err error) bool {
	var ne net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.As(err, &ne) && ne.Timeout()
}

// isLeaseGone tells whether err says that there is no such lease (any more), and isLeaseThere that there is one already.
func isLeaseGone(err error) bool {
	return err != nil && desc(err) == desc(rpctypes.ErrGRPCLeaseNotFound)
}

func isLeaseThere(err error) bool { return err != nil && desc(err) == desc(rpctypes.ErrGRPCLeaseExist) }
