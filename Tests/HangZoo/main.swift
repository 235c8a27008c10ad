// HangZoo SCENARIO [ARGUMENTS]: a program that hangs on purpose. Says "R" when every thread is where its truth says
// (see the top of the scenario files, in C and in Swift), then waits to be killed.
// HangZoo --list: all scenarios.  HangZoo --agent: whether it was built with GMR's agent.

import CHangZoo
import Foundation

func printList() {
    var index: Int32 = 0
    while let scenario = zoo_scenario_at(index)?.pointee {
        print("\(String(cString: scenario.name))\t\(String(cString: scenario.truth))")
        index += 1
    }
    for scenario in swiftScenarios {
        print("\(scenario.name)\t\(scenario.truth)")
    }
}

func run(_ name: String, arguments: [String]) -> Never {
    let environment = ProcessInfo.processInfo.environment
    alarm(UInt32(environment["ZOO_ALARM_SECONDS"] ?? "") ?? 120)
    var pointers = arguments.map { strdup($0) }
    let count = Int32(pointers.count)

    if environment["ZOO_FORBID_UNSHARE"] != nil { zoo_forbid_unshare() }
    if let scenario = zoo_scenario_named(name)?.pointee {
        scenario.prepare?(count, &pointers)
        startAgent()
        if environment["ZOO_FORBID_EXEC"] != nil { zoo_forbid_exec() }
        scenario.build(count, &pointers)
        scenario.serve?()
        zoo_settle()
        scenario.finish?()
    } else if let scenario = swiftScenarios.first(where: { $0.name == name }) {
        startAgent()
        scenario.build()
        zoo_settle()
    } else {
        FileHandle.standardError.write(Data("HangZoo: no scenario \(name); see HangZoo --list\n".utf8))
        exit(64)
    }
    zoo_announce_ready()
    main_waits_for_ever()
}

switch CommandLine.arguments.dropFirst().first {
case "--list": printList()
case "--agent": print(isAgentLinked ? "linked" : "absent")
case let name?: run(name, arguments: Array(CommandLine.arguments.dropFirst(2)))
case nil:
    FileHandle.standardError.write(Data("usage: HangZoo SCENARIO [ARGUMENTS] | --list | --agent\n".utf8))
    exit(64)
}
