package main

import (
	"errors"
	"fmt"
	"os"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/batch"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	"k8s.io/kubernetes/pkg/apis/batch/validation"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// checkKubernetes takes a Job the way that the API server takes a new one: it decodes strictly, fills in defaults and validates
// the specification.
func checkKubernetes(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	encoded, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return "", err
	}
	var given batchv1.Job
	if strict, err := json.UnmarshalStrict(encoded, &given); err != nil || len(strict) > 0 {
		return "", errors.Join(append(strict, err)...)
	}
	if given.APIVersion != "batch/v1" || given.Kind != "Job" {
		return "", fmt.Errorf("is %s %s, want a batch/v1 Job", given.APIVersion, given.Kind)
	}
	// The server labels the pods and selects them by that.
	labels := map[string]string{batchv1.JobNameLabel: given.Name}
	given.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	given.Spec.Template.Labels = labels
	legacyscheme.Scheme.Default(&given)
	var internal batch.Job
	if err := legacyscheme.Scheme.Convert(&given, &internal, nil); err != nil {
		return "", err
	}
	if faults := validation.ValidateJobSpec(&internal.Spec, nil, field.NewPath("spec"), corevalidation.PodValidationOptions{}); len(faults) > 0 {
		return "", faults.ToAggregate()
	}
	spec := given.Spec
	if err := sameShards(&given); err != nil {
		return "", err
	}
	return fmt.Sprintf("Job %s, %s, %d completions: Kubernetes takes it", given.Name, *spec.CompletionMode, *spec.Completions), nil
}

// sameShards refuses a Job that tells its pods another number of shards than it has.
func sameShards(j *batchv1.Job) error {
	for _, c := range j.Spec.Template.Spec.Containers {
		for _, e := range c.Env {
			if e.Name == "MTOBENCH_SHARDS" {
				if e.Value != fmt.Sprint(*j.Spec.Completions) {
					return fmt.Errorf("MTOBENCH_SHARDS is %s, completions %d: they must be equal", e.Value, *j.Spec.Completions)
				}
				return nil
			}
		}
	}
	return fmt.Errorf("no container is told MTOBENCH_SHARDS")
}
