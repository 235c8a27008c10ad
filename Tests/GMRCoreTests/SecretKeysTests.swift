import Testing

@testable import GMRCore

@Suite struct SecretKeysTests {
    @Test(arguments: [
        "password", "db_password", "dbPassword", "DB_PASSWORD", "PGPASSWORD", "admin-passwd", "passphrase", "pwd",
        "pass",
        "token", "access.token", "csrfTokens", "authtoken", "secret", "client_secret", "AWS_SECRET_ACCESS_KEY",
        "secret2", "key", "api_key", "apiKey", "APIKey", "apikey", "private-key", "x-api-key", "ssh key", "credential",
        "aws.credentials", "Authorization", "proxy_authorization", "auth", "Cookie", "set-cookie", "connection",
        "sql_connection", "sentry_dsn", "salt", "metadata_proxy_shared_secret", "transport_url_password",
        "private_key_pem", "api_key_v2", "apiKeyV2", "passWord", "connectionString", "AZURE_STORAGE_CONNECTION_STRING",
        "dbpass", "smtppass", "-Dpass", "-Dkey", "masterkey", "api_keys",
    ])
    func namesASecret(key: String) {
        #expect(SecretKeys().contains(key), "\(SecretKeys.words(of: key))")
    }

    @Test(arguments: [
        "", "host", "monkey", "keyboard", "tokenizer", "passenger", "compass", "bypass_cache", "primary_key",
        "public_key", "routing-key", "key_count", "token_ttl", "password_file", "secretsEnabled", "authors",
        "connection_timeout", "connections", "Connection pool", "keyspace", "cookie_policy", "max_token_length", "desk",
        "public_keys", "routing_keys", "no-password", "password-stdin", "libsecret-1.so.0", "underpass", "surpass",
    ])
    func namesNone(key: String) {
        #expect(!SecretKeys().contains(key), "\(SecretKeys.words(of: key))")
    }

    @Test func wordsMayBeAdded() {
        let keys = SecretKeys(extraWords: ["PIN", "house.number", "file"])
        #expect(keys.contains("card_pin") && keys.contains("pin") && keys.contains("House.Number"))
        #expect(keys.contains("myHouseNumber2") && keys.contains("the_file") && !keys.contains("number"))
        #expect(!keys.contains("spinning") && !SecretKeys().contains("card_pin"))
    }
}
