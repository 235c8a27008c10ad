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
        ("s\u{F6}ze\\\"1", "***"), ("p@ss\\/w%rd", "***"), ("dXNlcjpjb3JyZWN0IGhvcnNl", "dXNlcjp***"),
        ("correct+horse", "***"), ("correct%20horse", "***"),
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
        ("token => xyz", "token => ***"), ("token := xyz", "token := ***"),
        ("cfg[\"token\"] = \"xyz\" # n", "cfg[\"token\"] = \"***\" # n"),
        ("user[password]=xyz&a=1", "user[password]=***&a=1"), ("user%5Bpassword%5D=xyz", "user%5Bpassword%5D=***"),
        ("password='it''s xyz' a", "password='***' a"), ("pwd='' user='x'", "pwd='' user='x'"),
        ("mysqldump --password xyz orders", "mysqldump --password *** orders"),
        ("--no-password xyz", "--no-password xyz"),
        ("<password>xyz</password>", "<password>***</password>"), ("Map<Token>x<y", "Map<Token>x<y"),
        ("api_key: xyz", "api_key: ***"), ("libsecret-1.so.0: no symbols", "libsecret-1.so.0: no symbols"),
        // Values that nest.
        ("{\"passwords\": [\"x, y\", \"z]\"], \"a\": 1}", "{\"passwords\": ***, \"a\": 1}"),
        ("{\"auth\": {\"user\": \"u\", \"p\": [\"x\"]}, \"a\": 1}", "{\"auth\": ***, \"a\": 1}"),
        ("Config(host: \"db\", password: Optional(\"x) y\"))", "Config(host: \"db\", password: ***)"),
        ("password = b'xyz', 1", "password = ***', 1"), ("tokens: [xyz, abc", "tokens: ***"),
        ("password=a(b c", "password=*** c"), ("'token=xyz' a", "'token=***' a"),
        // Strings inside strings.
        ("{\\\"token\\\": \\\"x\\\\\\\"y\\\", \\\"a\\\": 1}", "{\\\"token\\\": \\\"***\\\", \\\"a\\\": 1}"),
        ("{\"token\": \"x\\\\\", \"a\": 1}", "{\"token\": \"***\", \"a\": 1}"),
        ("a: \"token=\\\"xyz\\\"\"", "a: \"token=\\\"***\\\"\""),
        ("amqp:\\/\\/u:xyz@h\\/v", "amqp:\\/\\/u:***@h\\/v"), ("a://u:2024#xyz@h", "a://u:***@h"),
        // Keys of their own.
        ("k -----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY----- e", "k ***----- e"),
        ("-----BEGIN PRIVATE KEY-----\nabc", "***"),
        ("-----BEGIN CERTIFICATE-----\nabc", "-----BEGIN CERTIFICATE-----\nabc"),
        // Headers.
        ("Authorization: Bearer a.b.c", "Authorization: ***"),
        ("curl -H 'Authorization: Basic eDp5' h", "curl -H 'Authorization: ***' h"),
        ("Cookie: a=1; b=2\nHost: h", "Cookie: ***\nHost: h"), ("sent Bearer eyJhbGciOi.x", "sent Bearer ***"),
        ("Authorization: Token token=\"xyz\", id=\"1\"\nHost: h", "Authorization: ***\nHost: h"),
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
        (["password", "list"], ["password", "list"]), (["--token", "-hunter2", "-v"], ["--token", "***", "-v"]),
        (["--set=db.password=two words"], ["--set=db.password=***"]),
        (["--env=A=1,DB_PASSWORD=p,w"], ["--env=A=1,DB_PASSWORD=***"]), (["-Dpass=xyz"], ["-Dpass=***"]),
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

    @Test func aCharacterThatTheKernelCutIsMaskedToo() {
        let masker = SecretMasker(knownSecrets: ["hunter2-geheim\u{F6}!"])
        let cut = PrintableText.string(fromUntrusted: Array("hunter2-geheim\u{F6}".utf8.prefix(15)))
        #expect(masker.masked(cut, cutAt: 15) == "***")
    }

    /// A line of a program says what is secret in quotation marks only.
    @Test(arguments: [
        ("let password = \"xyz\"", "let password = \"***\""), ("let token = next()", "let token = next()"),
        ("login(password: password)", "login(password: password)"),
    ])
    func sourceLines(plain: String, masked: String) {
        #expect(Self.masker.maskedCode(plain) == masked)
    }

    @Test func whatAVaultAddsIsNoPartOfASecret() {
        let masker = SecretMasker(knownSecrets: ["hunter2-long\n", "first-one, second-one", "BEGIN\\nMIIEvQIBADANBgkq"])
        #expect(masker.masked("-phunter2-long second-one MIIEvQIBADANBgkq") == "-p*** *** ***")
    }

    /// An error that was cut has no part of a secret at its end.
    @Test func errorsAreCutWhenTheyAreMasked() throws {
        let error = String(repeating: "x", count: 1_995) + "correct horse battery"
        let masked = Section(title: "", error: error).masked(by: Self.masker)
        #expect(masked.error == String(repeating: "x", count: 1_995) + "***")
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

    /// As Kubernetes writes an environment.
    @Test func aNameMarksTheValueBesideIt() {
        let data: SectionModel = [
            "env": [["name": "DB_PASSWORD", "value": "xyz"], ["name": "TZ", "value": "UTC"]],
            "options": .table(columns: ["Option", "Value"], rows: [["db.password", "xyz"], ["size", "8"]]),
        ]
        let masked: SectionModel = [
            "env": [["name": "DB_PASSWORD", "value": "***"], ["name": "TZ", "value": "UTC"]],
            "options": .table(columns: ["Option", "Value"], rows: [["db.password", "***"], ["size", "8"]]),
        ]
        #expect(data.masked(by: Self.masker) == masked)
        let options = ConfigurationSnapshot(data).marked(by: SecretKeys()).groups.flatMap(\.options)
        #expect(options.filter(\.isSecret).map(\.value) == ["xyz", "xyz"])
    }

    @Test func numbersAreMaskedByTheirValue() {
        let masker = SecretMasker(knownSecrets: ["48151623", "3.14159"])
        let data: SectionModel = ["a": 48_151_623, "b": 3.14159, "c": 48]
        #expect(data.masked(by: masker) == ["a": "***", "b": "***", "c": 48])
    }

    @Test func aGroupMayBeSecretAsAWhole() {
        let snapshot = ConfigurationSnapshot([
            "secrets": ["stripe": "sk-1"], "keystone_authtoken": ["auth_url": "https://h", "password": "x"],
            "api": ["keys": ["current": "xyz"], "timeout": 5],
        ]).marked(by: SecretKeys())
        #expect(snapshot.groups.map { $0.options.map(\.isSecret) } == [[true], [false, true], [true, false]])
    }

    @Test func whatIsSecretInAValueIsKnownElsewhere() {
        let snapshot = ConfigurationSnapshot([
            "db": [
                "dsn": "host=h password=hunter2-long", "auth": "basic", "connection": "close", "key": "8080",
                "token": "letmein",
            ]
        ])
        #expect(
            snapshot.secrets(keys: SecretKeys()) == [
                "hunter2-long", "hunter2-long", "host=h password=hunter2-long", "letmein",
            ])
        #expect(snapshot.marked(by: SecretKeys()).groups[0].options.map(\.isSecret) == [true, true, true, true, true])
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
        #expect(snapshot.secrets(keys: SecretKeys()) == ["marked one", "by its key", "x%40y", "x@y"])
        let masked = snapshot.masked(by: SecretMasker(knownSecrets: snapshot.secrets(keys: SecretKeys())))
        #expect(masked.groups[0].options.map(\.shownValue) == ["db-1", "***", "***", "a://u:***@h"])
    }

    /// Megabytes of what looks like the beginning of a secret end soon.
    @Test(
        .timeLimit(.minutes(5)),
        arguments: ["a:a@", "://", "=", "password=", "x://a:b@", "correct hors", "\"", "key\\"])
    func hostileTextTakesLinearTime(piece: String) {
        let count = 200_000 / piece.utf8.count
        _ = Self.masker.masked(String(repeating: piece, count: count))
        _ = Self.masker.masked("password: \"" + String(repeating: piece, count: count))
    }
}
