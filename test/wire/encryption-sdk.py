# The AWS Encryption SDK as it comes, with every kind of keyring that asks KMS: what each encrypts and decrypts, and what it is refused, as JSON.
import json
import logging

import aws_encryption_sdk
import boto3
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import *
from aws_encryption_sdk.identifiers import AlgorithmSuite
from aws_encryption_sdk.key_providers.kms import (
    MRKAwareDiscoveryAwsKmsMasterKeyProvider, MRKAwareStrictAwsKmsMasterKeyProvider, StrictAwsKmsMasterKeyProvider)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

logging.disable(logging.CRITICAL)
client = aws_encryption_sdk.EncryptionSDKClient()
mpl = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())
east = boto3.client('kms', region_name='us-east-1')
west = boto3.client('kms', region_name='eu-west-1')
account = boto3.client('sts').get_caller_identity()['Account']
create = lambda **options: east.create_key(**options)['KeyMetadata']['Arn']
key, other, primary = create(), create(), create(MultiRegion=True)
replica = east.replicate_key(KeyId=primary, ReplicaRegion='eu-west-1')['ReplicaKeyMetadata']['Arn']
context = {'purpose': 'test', 'ключ': 'ä'}
# Messages without a signature: keyrings with public keys cannot make one that decrypts while it streams.
suite = AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY


def message(keyring):
    return client.encrypt(source=b'hello', keyring=keyring, encryption_context=context, algorithm=suite)[0]


def opened(text, keyring):
    try:
        return client.decrypt(source=text, keyring=keyring, encryption_context=context)[0].decode()
    except Exception as error:
        return type(error).__name__


strict = mpl.create_aws_kms_keyring(CreateAwsKmsKeyringInput(kms_key_id=key, kms_client=east))
wrong = mpl.create_aws_kms_keyring(CreateAwsKmsKeyringInput(kms_key_id=other, kms_client=east))
several = mpl.create_aws_kms_multi_keyring(CreateAwsKmsMultiKeyringInput(generator=key, kms_key_ids=[other]))
mine = DiscoveryFilter(account_ids=[account], partition='aws')
foreign = DiscoveryFilter(account_ids=['999988887777'], partition='aws')
discovery = lambda kms, only: mpl.create_aws_kms_discovery_keyring(CreateAwsKmsDiscoveryKeyringInput(kms_client=kms, discovery_filter=only))
everywhere = mpl.create_aws_kms_discovery_multi_keyring(CreateAwsKmsDiscoveryMultiKeyringInput(regions=['eu-west-1', 'us-east-1']))
related = mpl.create_aws_kms_mrk_keyring(CreateAwsKmsMrkKeyringInput(kms_key_id=primary, kms_client=east))
copy = mpl.create_aws_kms_mrk_keyring(CreateAwsKmsMrkKeyringInput(kms_key_id=replica, kms_client=west))
anyCopy = mpl.create_aws_kms_mrk_discovery_keyring(CreateAwsKmsMrkDiscoveryKeyringInput(kms_client=west, region='eu-west-1'))
severalRelated = mpl.create_aws_kms_mrk_multi_keyring(CreateAwsKmsMrkMultiKeyringInput(generator=primary, kms_key_ids=[key]))
out = {
    'strict': opened(message(strict), strict),
    'strict, another key': opened(message(strict), wrong),
    'several': [opened(message(several), each) for each in (strict, wrong)],
    'discovery': opened(message(strict), discovery(east, mine)),
    'discovery, another account': opened(message(strict), discovery(east, foreign)),
    'discovery, another region': opened(message(strict), discovery(west, mine)),
    'discovery in all regions': opened(message(strict), everywhere),
    'related, both ways': [opened(message(related), copy), opened(message(copy), related)],
    'related, by discovery': opened(message(related), anyCopy),
    'several, related': [opened(message(severalRelated), each) for each in (copy, strict)],
}

rsa = create(KeySpec='RSA_2048', KeyUsage='ENCRYPT_DECRYPT')
pem = load_der_public_key(east.get_public_key(KeyId=rsa)['PublicKey']).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
asymmetric = mpl.create_aws_kms_rsa_keyring(CreateAwsKmsRsaKeyringInput(
    public_key=pem, kms_key_id=rsa, encryption_algorithm='RSAES_OAEP_SHA_256', kms_client=east))
out['RSA'] = opened(message(asymmetric), asymmetric)

sender, recipient = [create(KeySpec='ECC_NIST_P256', KeyUsage='KEY_AGREEMENT') for _ in range(2)]
publicKey = lambda id: east.get_public_key(KeyId=id)['PublicKey']
agreeing = lambda scheme: mpl.create_aws_kms_ecdh_keyring(CreateAwsKmsEcdhKeyringInput(
    kms_client=east, curve_spec='ECC_NIST_P256', key_agreement_scheme=scheme))
toRecipient = agreeing(KmsEcdhStaticConfigurationsKmsPrivateKeyToStaticPublicKey(KmsPrivateKeyToStaticPublicKeyInput(
    sender_kms_identifier=sender, sender_public_key=publicKey(sender), recipient_public_key=publicKey(recipient))))
asRecipient = agreeing(KmsEcdhStaticConfigurationsKmsPublicKeyDiscovery(KmsPublicKeyDiscoveryInput(recipient_kms_identifier=recipient)))
out['key agreement'] = opened(message(toRecipient), asRecipient)

# The older way, with master key providers.
provide = lambda provider, text: client.decrypt(source=text, key_provider=provider)[0].decode()
older = StrictAwsKmsMasterKeyProvider(key_ids=[key])
out['provider'] = provide(older, client.encrypt(source=b'hello', key_provider=older)[0])
relatedProvider = MRKAwareStrictAwsKmsMasterKeyProvider(key_ids=[primary])
out['provider, related'] = provide(
    MRKAwareDiscoveryAwsKmsMasterKeyProvider(discovery_region='eu-west-1'), client.encrypt(source=b'hello', key_provider=relatedProvider)[0])

# A key that may not be used any more opens nothing.
text = message(strict)
east.disable_key(KeyId=key)
out['disabled'] = opened(text, strict)
print(json.dumps(out))
