#if YAML
    import GMRAgent
    import Testing
    import Yams

    extension AgentTests {
        @Suite struct YAMLFiles {
            @Test(arguments: [
                """
                database:
                  host: db-1
                  pool: {size: 8, hosts: [a, b]}
                  password: hunter22
                debug: true
                """,
                """
                {"database": {"host": "db-1", "pool": {"size": 8, "hosts": ["a", "b"]}, "password": "hunter22"},
                 "debug": true}
                """,
            ])
            func mappingsAreGroups(text: String) throws {
                let snapshot = try ConfigurationSnapshot(yaml: text)
                let options = Dictionary(
                    uniqueKeysWithValues: snapshot.groups.flatMap { group in
                        group.options.map { ("\(group.name)/\($0.key)", $0.value) }
                    })
                #expect(
                    options == [
                        "database/host": "db-1", "database/pool.size": "8", "database/pool.hosts": "a, b",
                        "database/password": "hunter22", "DEFAULT/debug": "true",
                    ])
            }

            @Test func whatIsNoYAMLIsAnError() {
                #expect(throws: (any Error).self) { try ConfigurationSnapshot(yaml: "a: [") }
            }

            @Test func anEmptyFileIsAnEmptyConfiguration() throws {
                #expect(try ConfigurationSnapshot(yaml: "").groups.isEmpty)
            }
        }
    }
#endif
