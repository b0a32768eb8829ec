# Parses responses with botocore, an independent client: one JSON list of cases in, one JSON list of parsed values out.
import base64
import datetime
import json
import math
import sys

from botocore.awsrequest import HeadersDict
from botocore.model import ServiceModel
from botocore.parsers import create_parser


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode('latin-1')
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    if isinstance(value, float) and not math.isfinite(value):
        return 'NaN' if math.isnan(value) else ('Infinity' if value > 0 else '-Infinity')
    return value


def parse(case):
    model = ServiceModel(case['model'])
    operation = model.operation_model(case['operation'])
    parser = create_parser(model.resolved_protocol)
    response = {
        'headers': HeadersDict(case['headers']),
        'body': base64.b64decode(case['body']),
        'status_code': case['status'],
        'context': {'operation_name': case['operation']},
    }
    parsed = parser.parse(response, operation.output_shape)
    if case['status'] >= 301:
        code = parsed.get('Error', {}).get('Code')
        for error in operation.error_shapes:
            if code in (error.name, error.error_code):
                parsed.update(parser.parse(response, error))
    return plain(parsed)


results = []
for case in json.load(sys.stdin):
    try:
        results.append(parse(case))
    except Exception as error:  # reported as that case's result
        results.append({'failed': f'{type(error).__name__}: {error}'})
json.dump(results, sys.stdout)
