"""Certificates."""

from typing import Final

from boutique_offline.plugins.aws.table import Call, Properties, ResourceType, Tagging, Waiter

_CERTIFICATE: Final = {"CertificateArn": "{certificateArn}"}
_RECORDS: Final = """domainValidationOptions[].{domainName: domainName, resourceRecordName: resourceRecord.name,
    resourceRecordType: resourceRecord.type, resourceRecordValue: resourceRecord.value}"""


def _other_names(certificate: Properties) -> list[str]:
    """AWS counts the first name among them."""
    names = certificate.get("subjectAlternativeNames") or []
    return [name for name in names if name != certificate.get("domainName")]


TYPES: Final = {
    "Certificate": ResourceType(
        service="acm",
        id="{certificateArn}",
        create=Call("RequestCertificate"),
        read=Call("DescribeCertificate", _CERTIFICATE, answer="certificate"),
        delete=(Call("DeleteCertificate", _CERTIFICATE),),
        tagging=Tagging(
            add=Call("AddTagsToCertificate", _CERTIFICATE),
            remove=Call("RemoveTagsFromCertificate", _CERTIFICATE),
            read=Call("ListTagsForCertificate", _CERTIFICATE),
        ),
        reads={"domainValidationOptions": _RECORDS, "subjectAlternativeNames": _other_names},
        computed={"arn": "{certificateArn}"},
    ),
    # Nothing of its own: the wait until the certificate is issued.
    "CertificateValidation": ResourceType(
        service="acm",
        id="{certificateArn}",
        create=Call("DescribeCertificate", _CERTIFICATE),
        read=Call("DescribeCertificate", _CERTIFICATE, answer="[certificate][?status == 'ISSUED'] | [0]"),
        settings=frozenset({"validationRecordFqdns"}),
        created=Waiter("certificate_validated", _CERTIFICATE),
    ),
}
