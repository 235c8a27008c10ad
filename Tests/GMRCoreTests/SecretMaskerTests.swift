import Testing

@testable import GMRCore

@Suite struct SecretMaskerTests {
    private static let masker = SecretMasker(
        knownSecrets: ["correct horse", "correct horse battery", "p@ss/w%rd", "abc", "true", "söze\"1"])

    @Test(arguments: [
        // Known values, however they are written.
        ("it is correct horse!", "it is ***!"), ("correct horse battery staple", "*** staple"),
        ("correct horsecorrect horse", "***"), ("p%40ss%2Fw%25rd and p%40ss%2fw%25rd", "*** and ***"),
        ("cEBzcy93JXJk=", "***="), ("abc is too short, true too common", "abc is too short, true too common"),
        ("s\u{F6}ze\\\"1", "***"),
        // URLs.
        ("amqp://nova:hunter2@mq:5672/", "amqp://nova:***@mq:5672/"), ("redis://:hunter2@cache", "redis://:***@cache"),
        ("rabbit://a:b1@h1:5672,c:d1@h2/v", "rabbit://a:***@h1:5672,c:***@h2/v"),
        ("mysql://a:b,c@h1,h2/x", "mysql://a:***@h1,h2/x"), ("a://u:p@ss@h", "a://u:***@h"),
        ("a://u:pa/ss?w@h/x and b://u:x@h", "a://u:***@h/x and b://u:***@h"),
        ("https://ghp_0a1b@github.com/x", "https://***@github.com/x"), ("ssh://git@host/x", "ssh://git@host/x"),
        ("http://host:8080/users/@me", "http://host:8080/users/@me"), ("http://host/a@b", "http://host/a@b"),
        ("https://h/?q=1&api_key=xyz&z=2", "https://h/?q=1&api_key=***&z=2"), ("://@", "://@"), ("http://", "http://"),
        // Keys and values in text.
        ("password=xyz", "password=***"), ("a, Token = xyz; b", "a, Token = ***; b"),
        ("{\"token\": \"x \\\" y\", \"a\": 1}", "{\"token\": \"***\", \"a\": 1}"),
        ("{\\\"token\\\": 12345}", "{\\\"token\\\": ***}"), ("password: xyz", "password: ***"),
        ("psql: connection: refused", "psql: connection: refused"), ("dsn=a://b", "dsn=***"),
        ("the key: turn it left", "the key: turn it left"), ("if token == 3", "if token == 3"),
        ("password=", "password="), ("password='two words' x", "password='***' x"), ("monkey=banana", "monkey=banana"),
        // Headers.
        ("Authorization: Bearer a.b.c", "Authorization: ***"),
        ("curl -H 'Authorization: Basic eDp5' h", "curl -H 'Authorization: ***' h"),
        ("Cookie: a=1; b=2\nHost: h", "Cookie: ***\nHost: h"), ("sent Bearer eyJhbGciOi.x", "sent Bearer ***"),
        ("basic authentication", "basic authentication"), ("Basic eHl6enk6cGx1Z2g=", "Basic ***"),
    ])
    func text(plain: String, masked: String) {
        #expect(Self.masker.masked(plain) == masked)
        #expect(Self.masker.masked(masked) == masked, "masking twice changes nothing")
    }

    @Test(arguments: [
        (["run", "--password", "xyz", "-v"], ["run", "--password", "***", "-v"]),
        (["--db-password=two words"], ["--db-password=***"]), (["PGPASSWORD=two words"], ["PGPASSWORD=***"]),
        (["--token", "--verbose"], ["--token", "--verbose"]), (["--url", "a://u:p1@h"], ["--url", "a://u:***@h"]),
        (["-H", "Authorization: Bearer x"], ["-H", "Authorization: ***"]),
        (["password", "list"], ["password", "list"]),
    ])
    func arguments(plain: [String], masked: [String]) {
        #expect(Self.masker.masked(arguments: plain) == masked)
    }

    @Test(arguments: [
        ("srv --password two words --port 80", "srv --password *** --port 80"),
        ("srv --token=two words -v", "srv --token=*** -v"), ("srv --port 80", "srv --port 80"),
    ])
    func commands(plain: String, masked: String) {
        #expect(Self.masker.maskedCommand(plain) == masked)
    }

    @Test func aNameThatTheKernelCutIsMaskedFromWhereTheSecretBegins() {
        #expect(Self.masker.masked("io-correct hors", cutAt: 15) == "io-***")
        #expect(Self.masker.masked("io-correct", cutAt: 15) == "io-correct")
        #expect(Self.masker.masked("the-name-is-cor", cutAt: 15) == "the-name-is-cor", "three letters say nothing")
    }

    @Test func linesOfAKeyAreMaskedOneByOne() {
        let key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nend"
        let masker = SecretMasker(knownSecrets: [key])
        #expect(masker.masked("found MIIEvQIBADANBgkq there, in the end") == "found *** there, in the end")
        #expect(masker.masked(key) == "***")
    }

    @Test func sectionsAreMaskedByKeyColumnAndText() {
        let data: SectionModel = [
            "pool": ["password": "xyz", "size": 8, "tokens": ["a", 5, nil, true], "note": "secret=xyz"],
            "correct horse": "a://u:p1@h",
            "table": .table(columns: ["user", "password"], rows: [["nova", "xyz", "correct horse"], ["x"]]),
        ]
        let masked: SectionModel = [
            "pool": ["password": "***", "size": 8, "tokens": ["***", "***", nil, true], "note": "secret=***"],
            "***": "a://u:***@h",
            "table": .table(columns: ["user", "password"], rows: [["nova", "***", "***"], ["x"]]),
        ]
        #expect(data.masked(by: Self.masker) == masked)
    }

    @Test func aConfigurationNamesItsSecrets() {
        let snapshot = ConfigurationSnapshot(groups: [
            .init(
                name: "db",
                options: [
                    .init(key: "host", value: "db-1"), .init(key: "login", value: "marked one", isSecret: true),
                    .init(key: "password", value: "by its key"), .init(key: "url", value: "a://u:x%40y@h"),
                ])
        ]).marked(by: SecretKeys())
        #expect(snapshot.groups[0].options.map(\.isSecret) == [false, true, true, false])
        #expect(snapshot.secrets == ["marked one", "by its key", "x%40y", "x@y"])
        let masked = snapshot.masked(by: SecretMasker(knownSecrets: snapshot.secrets))
        #expect(masked.groups[0].options.map(\.shownValue) == ["db-1", "***", "***", "a://u:***@h"])
    }

    /// Megabytes of what looks like the beginning of a secret end soon.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: ["a:a@", "://", "=", "password=", "x://a:b@", "correct hors", "\"", "key\\"])
    func hostileTextTakesLinearTime(piece: String) {
        let count = 200_000 / piece.utf8.count
        _ = Self.masker.masked(String(repeating: piece, count: count))
        _ = Self.masker.masked("password: \"" + String(repeating: piece, count: count))
    }
}
