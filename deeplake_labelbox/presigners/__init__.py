"""Access to videos in private buckets: a presigner for each cloud, on the cloud's own client.

A presigner is passed as ``url_presigner``, for instance to `create_dataset`. It signs the URLs of
its own cloud, in every form that projects hold, and returns every other URL as it is, so that a
project may mix them. Videos that Labelbox hosts are still opened with the API key.

In ``s3://`` and ``gs://`` URLs the key is taken literally, as the clouds' command lines take it;
in ``https://`` URLs it is percent-encoded. A signature in the URL is replaced.

Presigners can be pickled, and hold what was passed to them only: each process, such as a Ray
worker, makes its own client and looks for credentials that were not passed.
"""

from deeplake_labelbox.presigners._azure import AzurePresigner, azure
from deeplake_labelbox.presigners._gcs import GcsPresigner, gcs
from deeplake_labelbox.presigners._s3 import S3Presigner, s3

__all__ = ["AzurePresigner", "GcsPresigner", "S3Presigner", "azure", "gcs", "s3"]
