// Pulumi's Kubernetes plugin. The official program embeds the schema of its resources too, which only the generation of
// SDKs needs, and which its module lacks.
package main

import (
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

func main() {
	provider.Serve("kubernetes", version.Version, []byte("{}"), []byte("{}"))
}
