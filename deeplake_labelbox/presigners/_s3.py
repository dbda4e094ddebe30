"""Sign URLs of Amazon S3 and of compatible storage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.presigners._cloud_urls import is_amazon, s3_object
from deeplake_labelbox.presigners._presigner import Presigner, check_expiry, not_installed


@dataclass(frozen=True)
class S3Presigner(Presigner):
    """Presigner that `s3` returns.

    Attributes:
        expires_seconds: Seconds a signed URL stays valid.
        region: Region of all buckets.
        endpoint_url: URL of a storage that is compatible with S3.
        profile: Profile of the AWS configuration files.
    """

    expires_seconds: int = 3600
    region: str | None = None
    endpoint_url: str | None = None
    profile: str | None = None
    _keys: tuple[str | None, str | None, str | None] = field(default=(None, None, None), repr=False)
    _regions: dict[str, str | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __call__(self, url: str) -> tuple[str, dict[str, Any]]:
        """Sign a URL of S3; return any other URL unchanged."""
        found = s3_object(url, self._client().meta.endpoint_url)
        if found is None:
            return url, {}
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - extra

        params = {"Bucket": found.bucket, "Key": found.key}
        if found.version is not None:
            params["VersionId"] = found.version
        try:
            client = self._client(self.region or found.region or self._region_of(found.bucket))
            signed: str = client.generate_presigned_url(
                "get_object", Params=params, ExpiresIn=self.expires_seconds
            )
        except (BotoCoreError, ClientError) as error:
            raise ConfigurationError(f"The URL could not be signed: {_sentence(error)}") from error
        return signed, {}

    def _client(self, region: str | None = None) -> Any:
        if region not in self._clients:
            self._clients[region] = _create_client(self, region)
        return self._clients[region]

    def _region_of(self, bucket: str) -> str | None:
        """Look up the region of a bucket, which needs no permission; None if S3 does not answer.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - extra

        if bucket not in self._regions:
            try:
                answer = self._client().head_bucket(Bucket=bucket)
            except ClientError as error:
                answer = error.response
            except BotoCoreError:
                return None
            headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            self._regions[bucket] = headers.get("x-amz-bucket-region")
        return self._regions[bucket]


def s3(
    *,
    expires_seconds: int = 3600,
    region: str | None = None,
    endpoint_url: str | None = None,
    profile: str | None = None,
    access_key_id: str | None = None,
    secret_access_key: str | None = None,
    session_token: str | None = None,
) -> S3Presigner:
    """Sign URLs of Amazon S3 or of a compatible storage; needs the extra ``s3``.

    It signs ``s3://bucket/key``, ``https://bucket.s3.REGION.amazonaws.com/key``,
    ``https://s3.REGION.amazonaws.com/bucket/key``, and the last two forms at ``endpoint_url``. The
    credentials need the permission ``s3:GetObject``.

    Args:
        expires_seconds: Seconds a signed URL stays valid, at most 7 days. Temporary credentials may
            expire earlier. URLs that expire during a download are signed again.
        region: Region of all buckets, like ``eu-central-1``; by default the one in the URL, else
            the bucket's, looked up in S3.
        endpoint_url: URL of a compatible storage, such as MinIO; by default that of the environment
            (``AWS_ENDPOINT_URL_S3``, ``AWS_ENDPOINT_URL``), else Amazon's.
        profile: Profile of the AWS configuration files.
        access_key_id: Access key; by default botocore looks for credentials in the environment, in
            ``~/.aws`` and in the role of the machine.
        secret_access_key: Secret of ``access_key_id``.
        session_token: Token of temporary credentials.

    Raises:
        ConfigurationError: If the extra is not installed, an argument is invalid, or there are no
            credentials.

    Example:
        ```python
        from deeplake_labelbox import create_dataset, presigners

        create_dataset("s3-clips", project_id, url_presigner=presigners.s3(region="eu-central-1"))
        ```
    """
    check_expiry(expires_seconds)
    if (access_key_id is None) != (secret_access_key is None):
        raise ConfigurationError("Give the S3 access key ID and its secret together.")
    keys = (access_key_id, secret_access_key, session_token)
    presigner = S3Presigner(expires_seconds, region, endpoint_url, profile, keys)
    presigner._client()  # noqa: SLF001 - of this module
    return presigner


def _create_client(settings: S3Presigner, region: str | None) -> Any:
    try:
        from botocore.config import Config  # noqa: PLC0415 - extra
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - extra
        from botocore.session import Session  # noqa: PLC0415 - extra
    except ImportError as error:
        raise not_installed("botocore", "s3") from error
    key, secret, token = settings._keys  # noqa: SLF001 - of this module
    try:
        session = Session(profile=settings.profile)
        if key is not None:
            session.set_credentials(key, secret, token)
        credentials = session.get_credentials()
        place = region or settings.region or session.get_config_variable("region") or "us-east-1"
        plain = session.create_client("s3", place, endpoint_url=settings.endpoint_url)
        # Other storages have no host names for their buckets.
        style = "virtual" if is_amazon(plain.meta.endpoint_url) else "path"
        client = session.create_client(
            "s3",
            place,
            endpoint_url=settings.endpoint_url,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": style, "us_east_1_regional_endpoint": "regional"},
                connect_timeout=10,
                read_timeout=10,
                retries={"total_max_attempts": 2},
            ),
        )
        if credentials is not None:
            credentials.get_frozen_credentials()  # fails if a role or a login has expired
    except (BotoCoreError, ClientError, ValueError) as error:
        raise ConfigurationError(
            f"The S3 client could not be created: {_sentence(error)}"
        ) from error
    if credentials is None:
        raise ConfigurationError(
            "No S3 credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
            "configure a profile."
        )
    return client


def _sentence(error: Exception) -> str:
    return f"{' '.join(str(error).split()).removesuffix('.')}."
