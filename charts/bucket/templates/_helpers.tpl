{{- define "bucket.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "bucket.labels" -}}
{{ include "bucket.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "bucket.clientLabels" -}}
{{- .Values.clients | default (dict (printf "needs.boutique.dev/%s" .Release.Name) "true") | toYaml }}
{{- end }}

{{- /* Arguments: the root context, a key of the Secret. */}}
{{- define "bucket.secretVariable" -}}
valueFrom:
  secretKeyRef:
    name: {{ (index . 0).Values.existingSecret }}
    key: {{ index . 1 }}
{{- end }}
