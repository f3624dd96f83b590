"""A gRPC server with the health protocol (grpc/health/v1/health.proto), on the library's own server; its messages are
so small that they are written here as bytes."""

from concurrent.futures import ThreadPoolExecutor

import grpc

SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"


def check(request, context):
    # HealthCheckRequest: field 1 is the name of a service, of less than 128 bytes.
    name = request[2:].decode()
    if name == "unknown":
        context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
    return NOT_SERVING if name == "broken" else SERVING


server = grpc.server(ThreadPoolExecutor(max_workers=4))
method = grpc.unary_unary_rpc_method_handler(check)
server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": method})])
with open("/srv/tls/key.pem", "rb") as key, open("/srv/tls/server.pem", "rb") as certificate:
    credentials = grpc.ssl_server_credentials([(key.read(), certificate.read())])
for address in ("127.0.0.1", "[::1]"):
    assert server.add_insecure_port(address + ":50051")
    assert server.add_secure_port(address + ":50052", credentials)
server.start()
server.wait_for_termination()
