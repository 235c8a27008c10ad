import GMRCore
import Testing

/// Expected texts: `rustc-demangle`'s own test vectors with `{:#}`, or c++filt's without hashes and literal suffixes.
struct RustDemanglerTests {
    @Test(arguments: [
        ("_RNvC6_123foo3bar", "123foo::bar"),
        ("_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar"),
        ("_RNCNCNgCs6DXkGYLi8lr_2cc5spawn00B5_", "cc::spawn::{closure#0}::{closure#0}"),
        ("_RNvXCsdzEtqJFEq6z_1zINtB2_2SqfENtB2_5Shape4areaB2_", "<z::Sq<f32> as z::Shape>::area"),
        (
            "_RNSNvYNCNvCsdzEtqJFEq6z_1z4mains5_0INtNtNtCsgEmfK2I1SDS_4core3ops8function6FnOnceThReEE9call_once6vtableB8_",
            "<z::main::{closure#7} as core::ops::function::FnOnce<(u8, &str)>>::call_once::{shim:vtable#0}"
        ),
        (
            "_RNCINkXs25_NgCsbmNqQUJIY6D_4core5sliceINyB9_4IterhENuNgNoBb_4iter8iterator8Iterator9rpositionNCNgNpB9_6memchr7memrchrs_0E0Bb_",
            "<core::slice::Iter<u8> as core::iter::iterator::Iterator>::rposition::<core::slice::memchr::memrchr::{closure#1}>::{closure#0}"
        ),
        (
            "_RINbNbCskIICzLVDPPb_5alloc5alloc8box_freeDINbNiB4_5boxed5FnBoxuEp6OutputuEL_ECs1iopQbuBiw2_3std",
            "alloc::alloc::box_free::<dyn alloc::boxed::FnBox<(), Output = ()>>"
        ),
    ])
    func pathsPrintWithoutCrateHashes(symbol: String, expected: String) {
        #expect(RustDemangler.demangle(symbol) == expected)
    }

    @Test(arguments: [
        ("_RINvC1a1fPhQeTuESzpE", "a::f::<*const u8, &mut str, ((),), [!], _>"),
        ("_RINvC1a1fAhj10_E", "a::f::<[u8; 16]>"),
        ("_RINvC1a1fFG_KCRL0_hEuE", "a::f::<for<'a> extern \"C\" fn(&'a u8)>"),
        (
            "_RINvC1a1fFG0_UK9rust_coldRL0_hRL1_cEyE",
            "a::f::<for<'a, 'b> unsafe extern \"rust-cold\" fn(&'b u8, &'a char) -> u64>"
        ),
        ("_RINvC1a1fDNtC1b4ReadNtBa_4SendEL_E", "a::f::<dyn b::Read + b::Send>"),
        ("_RINvC1a1fDG_INtC1b2FnTRL0_eEEp6OutputOhEL_E", "a::f::<dyn for<'a> b::Fn<(&'a str,), Output = *mut u8>>"),
    ])
    func typesPrintAsInSource(symbol: String, expected: String) {
        #expect(RustDemangler.demangle(symbol) == expected)
    }

    @Test(arguments: [
        ("_RMC0INtC8arrayvec8ArrayVechKj7b_E", "<arrayvec::ArrayVec<u8, 123>>"),
        ("_RMCs4fqI2P2rA04_13const_genericINtB0_6SignedKin98_E", "<const_generic::Signed<-152>>"),
        ("_RMCs4fqI2P2rA04_13const_genericINtB0_4BoolKb1_E", "<const_generic::Bool<true>>"),
        ("_RMCs4fqI2P2rA04_13const_genericINtB0_4CharKca_E", "<const_generic::Char<'\\n'>>"),
        ("_RMCs4fqI2P2rA04_13const_genericINtB0_4CharKc2202_E", "<const_generic::Char<'∂'>>"),
        ("_RNvNvMCs4fqI2P2rA04_13const_genericINtB4_3FooKpE3foo3FOO", "<const_generic::Foo<_>>::foo::FOO"),
        ("_RINvCs5SlJ34HQJ89_3adt1eKVNtNtB2_1E1BTh3_b1_EEB2_", "adt::e::<{adt::E::B(3, true)}>"),
        ("_RINvCs5SlJ34HQJ89_3adt1eKVNtNtB2_1E1CS1xln4_1yca_EEB2_", "adt::e::<{adt::E::C { x: -4, y: '\\n' }}>"),
        ("_RINvCs5SlJ34HQJ89_3adt1rKRAh1_h2_EEB2_", "adt::r::<{&[1, 2]}>"),
        ("_RINvCs5SlJ34HQJ89_3adt1sKRe68c3a922276c096c6f_EB2_", "adt::s::<\"hé\\\"'l\\tlo\">"),
        (
            "_RINvCs5SlJ34HQJ89_3adt1wKoffffffffffffffffffffffffffffffff_EB2_",
            "adt::w::<0xffffffffffffffffffffffffffffffff>"
        ),
    ])
    func constantsPrintWithoutTypeSuffix(symbol: String, expected: String) {
        #expect(RustDemangler.demangle(symbol) == expected)
    }

    @Test(arguments: [
        ("_RNvNtCsdzEtqJFEq6z_1zu8gdel_5qau15gre_ber_1va0sjc", "z::gödel::größe_über"),
        ("_RNvNtNtCsdzEtqJFEq6z_1zu8gdel_5qau6wgv71au7kdvt68h", "z::gödel::日本::関数"),
        (
            "_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y",
            "utf8_idents::საჭმელად_გემრიელი_სადილი"
        ),
    ])
    func punycodeIdentifiersAreDecoded(symbol: String, expected: String) {
        #expect(RustDemangler.demangle(symbol) == expected)
    }

    @Test(arguments: [
        ("_ZN1z4main17h0b58954561a3cd45E", "z::main"),
        ("_ZN1z4main28_$u7b$$u7b$closure$u7d$$u7d$17h68b44de710cc7be6E", "z::main::{{closure}}"),
        (
            "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE",
            "<Test + 'static as foo::Bar<Test>>::bar"
        ),
        ("_ZN12test$BP$test4foob17h05af221e174051e9E", "test*test::foob"),
        ("_ZN3foo3bar17h05af221e174051e9E.llvm.9D1C9369", "foo::bar"),
    ])
    func legacyNamesLoseTheirHash(symbol: String, expected: String) {
        #expect(RustDemangler.demangle(symbol) == expected)
    }

    @Test(arguments: [
        ("_RC3foo.llvm.9D1C9369", "foo"), ("_RC3foo.llvm.9D1C9369@@16", "foo"), ("_RC3foo.cold", "foo.cold"),
    ])
    func compilerSuffixes(symbol: String, expected: String) {
        #expect(RustDemangler.demangle(symbol) == expected)
    }

    @Test(arguments: [
        "", "_R", "_ZN", "main", "$s4main3fooyyF", "_ZN3foo3barEv", "_ZNSt6vectorIiE9push_backEi", "_RC9foo",
        "_RNvC3foo",
        "_R1C3foo", "_RB_", "_RNvB_3foo", "_RC3foo3bar", "_RINvC1a1fhhh", "_RIC0Kb2_E", "_RIC0Kcd800_E", "_RIC0KRe6_E",
        "_RINvC1a1fRL0_hE", "_RINvC1a1fFG99999999999_EuE", "_RCu0", "_RC99999999999999999999a", "_RNvC1a1f\u{e9}",
        "_ZN99999999999999999999a17h05af221e174051e9E", "_ZN17h05af221e174051e9E",
    ])
    func whatIsNotRustOrIsMalformedHasNoName(symbol: String) {
        #expect(RustDemangler.demangle(symbol) == nil)
    }

    @Test func nestingIsBounded() {
        #expect(RustDemangler.demangle("_RINvC1a1f" + String(repeating: "R", count: 5_000) + "hE") == nil)
        #expect(RustDemangler.demangle("_RINvC1a1f" + String(repeating: "R", count: 100) + "hE") != nil)
    }

    /// Each tuple refers twice to the one before it: 2^40 elements from 200 bytes.
    @Test func exponentialGrowthIsCutOff() {
        var symbol = "_RINvC1a1f"
        var previous = ""
        for _ in 0..<40 {
            let position = symbol.utf8.count - 2
            symbol += previous.isEmpty ? "ThhE" : "T\(previous)\(previous)E"
            previous = "B" + base62(position)
        }
        #expect(RustDemangler.demangle(symbol + "E") == nil)
    }

    @Test func everyPrefixOfANameIsSurvived() {
        let symbol =
            "_RNSNvYNCNvCsdzEtqJFEq6z_1z4mains5_0INtNtNtCsgEmfK2I1SDS_4core3ops8function6FnOnceThReEE9call_once6vtableB8_"
        for count in 0..<symbol.count {
            _ = RustDemangler.demangle(String(symbol.prefix(count)))
            _ = RustDemangler.demangle(String(symbol.dropFirst(count)))
            for byte in ["B_", "s_", "E", "K", "9", "u"] {
                _ = RustDemangler.demangle(String(symbol.prefix(count)) + byte + String(symbol.dropFirst(count + 1)))
            }
        }
    }

    private func base62(_ value: Int) -> String {
        guard value > 0 else { return "_" }
        let digits = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
        var left = value - 1
        var text = ""
        repeat {
            text = String(digits[left % 62]) + text
            left /= 62
        } while left > 0
        return text + "_"
    }
}
