package collect

import (
	"context"
	"net"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/etcdbake/etcdbake/verify/facts"
)

// open makes the etcd client of one endpoint over the connection that has been made already, so what was seen of TLS and
// what calls say is about one and the same connection.
func (m *member) open(ctx context.Context, first net.Conn, user, password string) error {
	m.wire.Store(&wire{Conn: first})
	ready := make(chan net.Conn, 1)
	ready <- m.wire.Load()
	dial := func(ctx context.Context, _ string) (net.Conn, error) {
		select {
		case conn := <-ready:
			return conn, nil
		default: // the connection broke and gRPC wants another
			conn, fault := m.connect(ctx)
			if fault != nil {
				return nil, fault
			}
			w := &wire{Conn: conn}
			m.wire.Store(w)
			return w, nil
		}
	}
	client, err := clientv3.New(clientv3.Config{
		Endpoints: []string{addrOf(m.URL)},
		Username:  user,
		Password:  password,
		Context:   context.WithoutCancel(ctx), // the canary is removed also after an interrupt; close ends the client
		Logger:    zap.NewNop(),
		// One attempt: a retry would only hide the reason of the first failure.
		MaxUnaryRetries: 1,
		DialOptions:     []grpc.DialOption{grpc.WithContextDialer(dial)},
	})
	if err != nil {
		return err
	}
	m.client = client
	return nil
}

// fault puts a failed call to the member into words.
func (m *member) fault(err error) *facts.Fault { return rpcFault(err, m.wire.Load().err()) }

// status asks the member for its status.
func (m *member) status(ctx context.Context) (*facts.Status, *facts.Fault) {
	r, err := pb.NewMaintenanceClient(m.client.ActiveConnection()).Status(ctx, &pb.StatusRequest{})
	if err != nil {
		return nil, m.fault(err)
	}
	return &facts.Status{
		ClusterID: r.Header.GetClusterId(), MemberID: r.Header.GetMemberId(),
		Version: r.Version, DBSize: r.DbSize, DBInUse: r.DbSizeInUse, Quota: r.DbSizeQuota,
		Leader: r.Leader, Learner: r.IsLearner, Term: r.RaftTerm, Index: r.RaftIndex, Applied: r.RaftAppliedIndex,
		Revision: r.Header.GetRevision(), Errors: r.Errors,
	}, nil
}

// ask makes the remaining calls side by side.
func (m *member) ask(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { m.Linear = m.list(ctx, true) })
	wg.Go(func() {
		start := time.Now()
		m.Local = m.list(ctx, false)
		m.Status.RoundTrip = time.Since(start)
	})
	wg.Go(func() { m.Alarms = m.alarms(ctx) })
	wg.Wait()
}

func (m *member) list(ctx context.Context, linearizable bool) facts.MemberList {
	req := &pb.MemberListRequest{Linearizable: linearizable}
	r, err := pb.NewClusterClient(m.client.ActiveConnection()).MemberList(ctx, req)
	if err != nil {
		f := m.fault(err)
		if linearizable && f.Kind == facts.Mute {
			// The member answers other calls: what it waits for is the others.
			f.Kind, f.Words = facts.NoQuorum, "the member cannot reach a quorum: no answer to a linearizable read"
		}
		return facts.MemberList{Fault: f}
	}
	var l facts.MemberList
	for _, x := range r.Members {
		l.Rows = append(l.Rows, facts.Row{
			ID: x.ID, Name: x.Name, PeerURLs: x.PeerURLs, ClientURLs: x.ClientURLs, Learner: x.IsLearner,
		})
	}
	return l
}

func (m *member) alarms(ctx context.Context) facts.Alarms {
	r, err := pb.NewMaintenanceClient(m.client.ActiveConnection()).Alarm(ctx, &pb.AlarmRequest{Action: pb.AlarmRequest_GET})
	if err != nil {
		return facts.Alarms{Fault: m.fault(err)}
	}
	var a facts.Alarms
	for _, x := range r.Alarms {
		a.Raised = append(a.Raised, facts.Alarm{MemberID: x.MemberID, Kind: x.Alarm.String()})
	}
	return a
}
