"""OpenML's answers for a small mnist_784, in the form that scikit-learn reads."""

import hashlib
import io
import json
from email.message import Message
from urllib.error import URLError
from urllib.request import BaseHandler
from urllib.response import addinfourl


class OpenML(BaseHandler):
    """The given data set behind urllib's door; once closed, every request fails."""

    handler_order = 100  # before urllib's own

    def __init__(self, pixels, labels):
        columns = [f"pixel{k + 1}" for k in range(pixels.shape[1])]
        header = [f"@ATTRIBUTE {name} real" for name in columns] + ["@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}", "@DATA"]
        rows = [",".join([*map(str, row), label]) for row, label in zip(pixels.tolist(), labels, strict=True)]
        arff = "\n".join(["@RELATION mnist_784", *header, *rows, ""]).encode()
        common = {"is_ignore": "false", "is_row_identifier": "false", "number_of_missing_values": "0"}
        features = [
            {"index": str(k), "name": name, "data_type": "numeric", "is_target": "false", **common}
            for k, name in enumerate(columns)
        ]
        target = {"index": str(len(columns)), "name": "class", "data_type": "nominal", "is_target": "true", **common}
        listed = {"did": 554, "name": "mnist_784", "version": 1, "status": "active"}
        described = {
            "id": "554",
            "name": "mnist_784",
            "version": "1",
            "description": "",
            "format": "ARFF",
            "status": "active",
            "file_id": "52667",  # by which scikit-learn 1.6 asks
            "url": "https://api.openml.org/data/v1/download/52667/mnist_784.arff",
            "md5_checksum": hashlib.md5(arff, usedforsecurity=False).hexdigest(),
        }
        number = {"name": "NumberOfInstances", "value": str(len(rows))}
        self.closed = False
        self.pages = {
            "/data/list/": json.dumps({"data": {"dataset": [listed]}}).encode(),
            "/data/features/554": json.dumps({"data_features": {"feature": [*features, target]}}).encode(),
            "/data/qualities/554": json.dumps({"data_qualities": {"quality": [number]}}).encode(),
            "/json/data/554": json.dumps({"data_set_description": described}).encode(),
            "/download/52667": arff,
        }

    def https_open(self, request):
        if self.closed:
            raise URLError("offline")
        page = next(page for part, page in self.pages.items() if part in request.full_url)
        response = addinfourl(io.BytesIO(page), Message(), request.full_url, 200)
        response.msg = "OK"  # which urllib's own handlers read
        return response
