#if Configuration
    public import Configuration
    public import GMRCore

    extension Settings {
        /// Takes over what a reader finds under the keys of `definitions`: `gmr.log.dir`, `gmr.signals`… Numbers, truth
        /// values and lists may be written as such or as text.
        /// - Returns: A problem for each value that could not be used; the others are taken over all the same.
        public mutating func apply(_ reader: ConfigReader) -> [SettingProblem] {
            Self.definitions.flatMap { definition in
                guard let text = reader.text(forKey: ConfigKey(definition.key)), !text.isEmpty else {
                    return [SettingProblem]()
                }
                return apply(text, to: definition, named: definition.key)
            }
        }
    }

    extension ConfigReader {
        /// A value of any type, as text.
        fileprivate func text(forKey key: ConfigKey) -> String? {
            string(forKey: key) ?? int(forKey: key).map { "\($0)" } ?? double(forKey: key).map { "\($0)" }
                ?? bool(forKey: key).map { $0 ? "1" : "0" } ?? stringArray(forKey: key)?.joined(separator: ",")
        }
    }

    extension GuruMeditation {
        /// Makes the process answer its triggers, with settings from a `ConfigReader` under `gmr.…`: the environment
        /// wins over them, and they over `settings`.
        /// - Parameters:
        ///   - package: What the Package section says.
        ///   - serviceName: In file names and in the report; nil: the executable's name.
        ///   - reader: Not scoped: its keys begin with `gmr`.
        ///   - recorder: The access reporter of that reader, or of others: what they read becomes the Configuration
        ///     section, and goes on being so.
        ///   - settings: Where the reader says nothing.
        ///   - sinks: Where reports go; nil: to standard error, unless a directory is named.
        /// - Throws: As `setUpAutorun(package:serviceName:signals:logDirectory:…)` does.
        @discardableResult
        public static func setUpAutorun(
            package: Package, serviceName: String? = nil, reader: ConfigReader,
            recorder: ConfigurationRecorder? = nil, settings: Settings = Settings(),
            sinks: [any ReportSink]? = nil
        ) throws(GuruMeditationError) -> GuruMeditation {
            var settings = settings
            for problem in settings.apply(reader) { Setup.warn(problem.description) }
            let gmr = try setUpAutorun(package: package, serviceName: serviceName, settings: settings, sinks: sinks)
            recorder?.observe { snapshot in
                do {
                    try gmr.updateConfiguration(snapshot)
                } catch {
                    Setup.warn("\(error) Until then reports show what was read before.")
                }
            }
            return gmr
        }
    }
#endif
