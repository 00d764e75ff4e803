"""Certificates."""

from typing import Final

from boutique_offline.plugins.aws.table import Call, Properties, ResourceType, Waiter, tagging

_CERTIFICATE: Final = {"CertificateArn": "{certificateArn}"}
_RECORDS: Final = """domainValidationOptions[].{domainName: domainName, resourceRecordName: resourceRecord.name,
    resourceRecordType: resourceRecord.type, resourceRecordValue: resourceRecord.value}"""


def _other_names(certificate: Properties) -> list[str]:
    """Returns the names without the domain name, which AWS includes."""
    names = certificate.get("subjectAlternativeNames") or []
    return [name for name in names if name != certificate.get("domainName")]


TYPES: Final = {
    "Certificate": ResourceType(
        service="acm",
        id="{certificateArn}",
        create=Call("RequestCertificate"),
        read=Call("DescribeCertificate", _CERTIFICATE, result="certificate"),
        delete=(Call("DeleteCertificate", _CERTIFICATE),),
        tagging=tagging(_CERTIFICATE, "AddTagsToCertificate", "RemoveTagsFromCertificate", "ListTagsForCertificate"),
        reads={"domainValidationOptions": _RECORDS, "subjectAlternativeNames": _other_names},
        computed={"arn": "{certificateArn}"},
    ),
    # Not a resource in AWS: it waits until the certificate is issued.
    "CertificateValidation": ResourceType(
        service="acm",
        id="{certificateArn}",
        create=Call("DescribeCertificate", _CERTIFICATE),
        read=Call("DescribeCertificate", _CERTIFICATE, result="[certificate][?status == 'ISSUED'] | [0]"),
        settings=frozenset({"validationRecordFqdns"}),
        created=Waiter("certificate_validated", _CERTIFICATE),
    ),
}
