"""Presigners for videos in private buckets: one for each cloud, built on the cloud's own client.

Pass a presigner as ``url_presigner``, for instance to `create_dataset`. It signs the URLs of its
own cloud, in every form that projects contain, and returns other URLs unchanged, so a project may
mix clouds. Videos that Labelbox hosts are still opened with the API key.

In ``s3://`` and ``gs://`` URLs the key is taken literally, as the clouds' command lines take it;
in ``https://`` URLs it is percent-encoded. A signature already in the URL is replaced.

Presigners can be pickled. They hold only what was passed to them: each process, such as a Ray
worker, creates its own client and looks up credentials that were not passed.
"""

from deeplake_labelbox.presigners._azure import AzurePresigner, azure
from deeplake_labelbox.presigners._gcs import GcsPresigner, gcs
from deeplake_labelbox.presigners._s3 import S3Presigner, s3

__all__ = ["AzurePresigner", "GcsPresigner", "S3Presigner", "azure", "gcs", "s3"]
