import Testing

/// Each integration is there where its trait is enabled.
@Suite struct IntegrationTests {
    @Test func allOfThemAreTested() {
        #if !(ServiceLifecycle && Logging && Metrics && Configuration && YAML)
            Issue.record("run with --enable-all-traits, as make test does")
        #endif
    }
}
