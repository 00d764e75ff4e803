{{- /* Arguments: the root context, the role ("primary" or "replica"). */}}
{{- define "postgres.name" -}}
{{- $root := index . 0 -}}
{{- $root.Release.Name }}{{ if eq (index . 1) "replica" }}-replica{{ end }}
{{- end }}

{{- define "postgres.releaseLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "postgres.selectorLabels" -}}
{{ include "postgres.releaseLabels" (index . 0) }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "postgres.labels" -}}
{{ include "postgres.releaseLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "postgres.clientLabels" -}}
{{- .Values.clients | default (dict (printf "needs.boutique.dev/%s" .Release.Name) "true") | toYaml }}
{{- end }}

{{- define "postgres.secretVariable" -}}
valueFrom:
  secretKeyRef:
    name: {{ (index . 0).Values.existingSecret }}
    key: {{ index . 1 }}
{{- end }}
