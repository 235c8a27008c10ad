import GMRCore
import Testing

@testable import gmr

@Suite struct SettingChecksTests {
    @Test(
        arguments: [
            ("GMR_LOGDIR", "GMR_LOG_DIR"), ("GMR_SIGNAL", "GMR_SIGNALS"), ("gmr_log_dir", "GMR_LOG_DIR"),
            ("GMR_FROMAT", "GMR_FORMAT"), ("GMR_SERVICENAME", "GMR_SERVICE_NAME"),
        ])
    func theNearestNameIsProposed(name: String, nearest: String) {
        #expect(SettingChecks.nearest(to: name) == nearest)
    }

    @Test func aNameFarFromAllHasNoProposal() {
        #expect(SettingChecks.nearest(to: "GMR_SOMETHING_ELSE_ALTOGETHER") == nil)
        #expect(SettingChecks.nearest(to: "GMR_" + String(repeating: "X", count: 10_000)) == nil)
        let findings = SettingChecks.findings(["GMR_SOMETHING_ELSE_ALTOGETHER": "1", "PATH": "/bin"])
        #expect(findings.map(\.status) == [.warning])
    }

    @Test func valuesAreHeldAgainstTheSettings() {
        #expect(SettingChecks.findings([:]).map(\.status) == [.ok])
        #expect(SettingChecks.findings(["GMR_LOGDIR": "", "GMR_FORMAT": ""]).map(\.status) == [.ok])
        #expect(SettingChecks.findings(["GMR_LOG_DIR": "/x", "GMR_PACKAGE_VENDOR": "y"]).map(\.status) == [.ok])
        #expect(SettingChecks.findings(["GMR_ENABLE": "0"]).map(\.status) == [.warning])
        let bad = SettingChecks.findings(["GMR_MAX_THREADS": "5", "GMR_SIGNALS": "USR2,KILL"])
        #expect(bad.map(\.status) == [.warning, .warning])
        #expect(bad.last?.advice == "set it to one of: 64 to 4096")
    }

    @Test func aDirectoryIsWrittenByThoseWhomItsModeLets() {
        let user = Credentials(user: 1000, group: 100, groups: [7])
        #expect(user.mayWrite(mode: 0o40700, owner: 1000, group: 0))
        #expect(!user.mayWrite(mode: 0o40077, owner: 1000, group: 100), "the owner's bits alone count for the owner")
        #expect(user.mayWrite(mode: 0o40770, owner: 0, group: 7))
        #expect(user.mayWrite(mode: 0o40770, owner: 0, group: 100))
        #expect(!user.mayWrite(mode: 0o40755, owner: 0, group: 7))
        #expect(!user.mayWrite(mode: 0o40772, owner: 0, group: 1), "writing needs search too")
        #expect(user.maySearch(mode: 0o40711, owner: 0, group: 0))
        #expect(!user.maySearch(mode: 0o40700, owner: 0, group: 0))
    }

    @Test func aboveThePermissionsIsWhoHasTheCapabilityHere() throws {
        let status = KeyedText("Uid:\t0\t0\t0\t5\nGid:\t0\t0\t0\t6\nGroups:\t7 8 \nCapEff:\t0000000000000002\n")
        let here = try #require(Credentials(status, isOfThisNamespace: true))
        #expect(here == Credentials(user: 5, group: 6, groups: [7, 8], isAbovePermissions: true))
        #expect(Credentials(status, isOfThisNamespace: false)?.isAbovePermissions == false)
        #expect(Credentials(KeyedText(""), isOfThisNamespace: true) == nil)
    }
}
