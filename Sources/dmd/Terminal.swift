// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import DMDKit
import Foundation

/// Shows a job to whoever sits at the terminal, or reads the log.
enum Terminal {
    /// Runs a job to its end: progress on standard error, and an exit status that says how it ended. Of processes that share a job the
    /// first one tells how it goes.
    ///
    /// - Parameter resume: the command that goes on where the job stopped, if it is shorter than the one that was given.
    /// - Throws: `ExitCode` if the job was stopped, and whatever else ended it.
    static func run<Work: Job>(_ job: Work, resume: String? = nil) async throws -> Work.Output {
        Interrupt.install()
        let display = ProgressDisplay()
        let isTold = job.compute.isFirst
        let work = Task { try await job.result { if isTold { display.show($0) } } }
        let watch = Task {
            while !Interrupt.isRequested { try await Task.sleep(for: .milliseconds(50)) }
            work.cancel()
        }
        defer { watch.cancel() }
        do {
            return try await work.value
        } catch is CancellationError {
            throw stopped(status: Interrupt.exitStatus, isTold, resume)
        } catch is TimeLimitReached {
            throw stopped(status: 75, isTold, resume)
        } catch {
            throw failure(error)
        }
    }

    /// What settings make, their errors told by the names of options.
    static func settings<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let error as SettingError {
            throw failure(error)
        }
    }

    /// Writes to standard error, if it is still open.
    static func say(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }

    /// An error as the command has it: settings by the names of their options, and a status of its own for lack of memory.
    static func failure(_ error: any Error) -> any Error {
        if let error = error as? SettingError {
            let rest = "\(error.problem): \(error.advice)".replacing(/`([A-Za-z]+)`/) {
                "--\(optionName(String($0.1)))"
            }
            return ValidationError("--\(optionName(error.setting)) \(rest).")
        }
        guard "\(error)".hasPrefix("Out of memory") else { return error }
        say("Error: \(error)\n")
        return ExitCode(71)
    }

    private static func stopped(status: CInt, _ isTold: Bool, _ resume: String?) -> ExitCode {
        if isTold { say("To go on: give the same command again\(resume.map { ", or `\($0)`" } ?? "").\n") }
        return ExitCode(status)
    }

    /// `keepEvery` is `--keep-every`; a few options have other names than their settings.
    private static func optionName(_ setting: String) -> String {
        let names = ["label": "class", "overriding": "override", "folder": "out"]
        if let name = names[setting] { return name }
        return setting.reduce(into: "") { name, letter in
            if letter.isUppercase { name += "-" }
            name += letter.lowercased()
        }
    }
}
