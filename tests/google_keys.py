"""Key files of Google service accounts, each with a new key."""

import json


def write_key_file(path):
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - not in every extra
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - the same

    pem = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    content = {
        "type": "service_account",
        "client_email": "reader@project.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
        "private_key": pem.decode(),
    }
    path.write_text(json.dumps(content), "utf-8")
    return path
