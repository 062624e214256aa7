"""Which calls of a stack are of libraries and run times, where nobody says it; by paths and by names of modules."""

from __future__ import annotations

from typing import Final

_PARTS: Final = (
    "site-packages/", "dist-packages/", "node_modules/", "/vendor/", "/gems/", "<frozen ", "/lib/python3", "/lib/ruby/",
    "/usr/local/go/src/", "/pkg/mod/", "<internal:",
)  # fmt: skip
_BEGINNINGS: Final = ("node:", "internal/", "vendor/")
"""`internal/` inside of a path is a folder that programs of Go have."""
_MODULES: Final = (
    "java.", "javax.", "jakarta.", "jdk.", "sun.", "com.sun.", "kotlin.", "kotlinx.", "scala.", "groovy.", "android.",
    "androidx.", "dalvik.", "com.android.", "org.springframework.", "org.apache.", "org.hibernate.", "org.jboss.",
    "org.eclipse.", "org.glassfish.", "org.junit.", "org.codehaus.groovy.", "org.postgresql.", "org.slf4j.",
    "com.fasterxml.", "com.mysql.", "com.zaxxer.", "com.google.common.", "com.google.gson.", "ch.qos.logback.",
    "io.netty.", "io.grpc.", "io.micrometer.", "io.micronaut.", "io.quarkus.", "io.undertow.", "io.vertx.",
    "io.opentelemetry.", "io.sentry.", "okhttp3.", "reactor.", "akka.", "System.", "Microsoft.", "OpenTelemetry.",
    "Newtonsoft.", "go.opentelemetry.io/", "runtime.", "net/http.",
)  # fmt: skip


def is_library(path: str, module: str) -> bool:
    """Return whether a call is of a library or a run time."""
    return path.startswith(_BEGINNINGS) or any(part in path for part in _PARTS) or module.startswith(_MODULES)
