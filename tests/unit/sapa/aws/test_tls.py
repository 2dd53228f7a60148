"""The certificates that are trusted."""

from hashlib import sha256

from sapa.aws.tls import TrustStore

# SHA-256 of the certificates, as https://www.amazontrust.com/repository/ lists them.
PUBLISHED = {
    "Amazon Root CA 1": "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
    "Amazon Root CA 2": "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
    "Amazon Root CA 3": "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
    "Amazon Root CA 4": "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
    "Starfield Services Root Certificate Authority - G2": (
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5"
    ),
}


def test_amazons_roots_and_no_others_are_trusted_at_first() -> None:
    trusted = TrustStore().context.get_ca_certs(binary_form=True)
    assert {sha256(certificate).hexdigest() for certificate in trusted} == set(PUBLISHED.values())


def test_the_machines_authorities_are_trusted_besides() -> None:
    trust_store = TrustStore()
    before = set(trust_store.context.get_ca_certs(binary_form=True))
    trust_store.load_system_roots()
    assert before <= set(trust_store.context.get_ca_certs(binary_form=True))
    assert trust_store.has_system_roots
