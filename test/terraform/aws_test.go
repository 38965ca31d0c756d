package terraform_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const awsSpec = `name: k8s-etcd
members:
  - {name: master1, address: 10.140.0.2}
  - {name: master2, address: 10.140.0.3}
  - {name: master3, address: 10.140.0.4}
target: {cloud: aws}
pki: {key: {algorithm: rsa, size: 2048}}
`

func openAWS(t *testing.T) *workspace {
	t.Helper()
	return open(t, "aws", "region=eu-central-1", `subnet_ids={"master1":"subnet-1","master2":"subnet-2","master3":"subnet-3"}`,
		`client_cidrs=["10.140.0.0/24","10.141.0.0/24"]`)
}

func TestAWSMembersAreCreatedFromOut(t *testing.T) {
	t.Parallel()
	w := openAWS(t)
	w.generate(awsSpec)
	w.must("validate")
	_, printed := w.plan()
	path := filepath.Join(w.home, "out", "user-data", "master2.yaml.gz")
	userData, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	encoded := base64.StdEncoding.EncodeToString(userData)
	if strings.Contains(printed, encoded[:40]) {
		t.Error("the plan shows user-data")
	}
	w.apply()
	all := w.resources()
	instance := all[`module.member["master2"].aws_instance.member`]
	delete(instance, "id")
	want := map[string]any{
		"ami": "ami-1", "associate_public_ip_address": false, "instance_type": "m6i.large", "private_ip": "10.140.0.3",
		"subnet_id": "found", "tags": map[string]any{"Name": "master2", "cluster": "k8s-etcd"},
		"user_data_base64": encoded, "user_data_replace_on_change": true,
		"vpc_security_group_ids": []any{all["aws_security_group.etcd"]["id"]},
		"metadata_options": []any{map[string]any{
			"http_endpoint": "enabled", "http_put_response_hop_limit": 1.0, "http_tokens": "required",
		}},
		"root_block_device": []any{map[string]any{"encrypted": true, "volume_size": 0.0, "volume_type": "gp3"}},
	}
	if diff := cmp.Diff(want, instance); diff != "" {
		t.Error("the instance is another one") // without the difference, which would show keys
		for name := range want {
			if name != "user_data_base64" && !cmp.Equal(want[name], instance[name]) {
				t.Errorf("%s is %v, want %v", name, instance[name], want[name])
			}
		}
	}
	for address, source := range map[string]string{
		`aws_vpc_security_group_ingress_rule.clients["10.140.0.0/24"]`: "10.140.0.0/24",
		`aws_vpc_security_group_ingress_rule.clients["10.141.0.0/24"]`: "10.141.0.0/24",
		"aws_vpc_security_group_ingress_rule.members":                  "",
	} {
		rule := all[address]
		lastPort := 2379.0
		if source == "" {
			lastPort = 2380
			if rule["referenced_security_group_id"] != all["aws_security_group.etcd"]["id"] {
				t.Errorf("%s: %v", address, rule)
			}
		}
		if rule["from_port"] != 2379.0 || rule["to_port"] != lastPort || source != "" && rule["cidr_ipv4"] != source {
			t.Errorf("%s: %v", address, rule)
		}
	}
	if n := strings.Count(strings.Join(keys(all), "\n"), "ingress_rule"); n != 3 {
		t.Errorf("%d rules let something in", n)
	}
}

func TestAChangedSpecRollsAWSMembersOneAtATime(t *testing.T) {
	t.Parallel()
	w := openAWS(t)
	w.generate(awsSpec)
	w.apply()
	w.generate(awsSpec) // the same again
	changes, _ := w.plan()
	expectChanges(t, changes)

	w.generate(awsSpec + "tuning: {quota_backend: 4GiB}\n")
	var all []string
	for _, name := range []string{"master1", "master2", "master3"} {
		all = append(all, member(name, "aws_instance.member delete create"), member(name, "aws_volume_attachment.data delete create"))
	}
	changes, _ = w.plan()
	expectChanges(t, changes, all...)

	volumes := w.resources()[member("master1", "aws_ebs_volume.data")]["id"]
	one := []string{`-target=module.member["master1"]`}
	changes, _ = w.plan(one...)
	expectChanges(t, changes, all[:2]...)
	w.apply(one...)
	changes, _ = w.plan()
	expectChanges(t, changes, all[2:]...)
	if w.resources()[member("master1", "aws_ebs_volume.data")]["id"] != volumes {
		t.Error("the member has another volume now")
	}
}

func TestAMembersVolumeIsNotDestroyedWithIt(t *testing.T) {
	t.Parallel()
	w := openAWS(t)
	w.generate(awsSpec)
	w.apply()
	w.generate(strings.Replace(awsSpec, "  - {name: master3, address: 10.140.0.4}\n", "", 1))
	out, err := w.run(w.flags([]string{"plan", "-state=" + w.state()})...)
	if err == nil || !strings.Contains(out, "lifecycle.prevent_destroy") || !strings.Contains(out, "aws_ebs_volume.data") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestEtcdIsNeverOpenToEveryone(t *testing.T) {
	t.Parallel()
	w := openAWS(t)
	w.generate(awsSpec)
	for _, cidr := range []string{"0.0.0.0/0", "::/0", "everyone"} {
		out, err := w.run(append(w.flags([]string{"plan", "-state=" + w.state()}), `-var=client_cidrs=["`+cidr+`"]`)...)
		if err == nil || !strings.Contains(out, "etcd is never open to everyone") {
			t.Errorf("%s: %v\n%s", cidr, err, out)
		}
	}
}

func keys(all map[string]map[string]any) []string {
	var names []string
	for name := range all {
		names = append(names, name)
	}
	return names
}
