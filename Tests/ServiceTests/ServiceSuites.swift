import Testing

/// Everything that starts a service, one test after the other.
@Suite(.serialized) enum ServiceSuites {}
