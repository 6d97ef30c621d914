// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Foundation
import Models
import OrderedCollections
import Torch
import Training

/// What a run costs: the memory that its networks need in any case, and what its first steps take, if that fits.
struct Cost: CustomStringConvertible {
    private let memory: NetworkMemory
    private let device: Device
    private let processes: Int
    private let trial: Trial?

    private struct Trial {
        let stepCount: Int
        let secondsPerStep: Double
        let peakBytes: Int
    }

    /// Does a step to warm up and two to measure, unless the networks alone exceed the machine's memory.
    ///
    /// - Parameters:
    ///   - processes: how many are to share the run.
    ///   - makeWork: makes what is then not to be used for anything else.
    init<Work: TrainingTask>(
        _ memory: NetworkMemory, on device: Device, processes: Int, of makeWork: () throws -> Work
    ) throws {
        self.memory = memory.of(processes)
        self.device = device
        self.processes = processes
        // Here all of it is in one process.
        guard device != .cpu || memory.bytes() < NetworkMemory.ofMachine else {
            trial = nil
            return
        }
        let work = try makeWork()
        func step(_ index: Int) throws {
            _ = try work.step(index)
            work.state.values.first?.values.first?.withUnsafeBytes { _ in }  // waits for the device
        }
        try step(0)
        let start = ContinuousClock.now
        try step(1)
        try step(2)
        trial = Trial(
            stepCount: work.stepCount, secondsPerStep: (ContinuousClock.now - start) / .seconds(2),
            peakBytes: peakMemory())
    }

    /// Comments in YAML, to follow the settings.
    var description: String {
        let known = [
            "\(memory.parameterCount.formatted()) parameters in the network",
            "\(gigabytes(memory.bytes())) for \(memory.what), all in float32",
        ]
        return (known + (trial.map(lines) ?? [excess]) + shared).map { "# \($0)" }.joined(separator: "\n")
    }

    /// What it is to several processes on machines like this one: they share a step's computing, and each sends its part of the
    /// gradients after every update.
    private var shared: [String] {
        guard processes > 1 else { return [] }
        let others = (1..<processes).map(memory.bytes).max() ?? 0
        let bytes = memory.exchangedBytes(of: processes)
        let sending = [1, 10, 100].map { gigabits in
            String(format: "%.3g s at %d Gbit/s", Double(bytes) * 8 / (Double(gigabits) * 1e9), gigabits)
        }
        let computing = trial.map {
            String(format: "%.3g s a step to compute, ", $0.secondsPerStep / Double(processes))
        }
        return [
            "\(processes) processes like this one: \(computing ?? "")\(gigabytes(bytes)) a step to send from each, "
                + "which takes \(sending.joined(separator: ", "))",
            "\(gigabytes(others)) in each but the first, which writes the checkpoints",
        ]
    }

    private func lines(of trial: Trial) -> [String] {
        let hours = trial.secondsPerStep * Double(trial.stepCount) / 3_600
        let duration = hours < 1 ? String(format: "%.0f min", hours * 60) : String(format: "%.1f h", hours)
        let seconds = String(format: "%.2f s", trial.secondsPerStep)
        let place = device == .cpu ? "" : ", without the memory of \(device)"
        return [
            "\(trial.stepCount) steps of \(seconds) each as measured over two, so \(duration) and the time for samples",
            "\(gigabytes(trial.peakBytes)) at most in the steps tried, activations included\(place)",
        ]
    }

    private var excess: String {
        guard memory.bytes() > NetworkMemory.ofMachine else {
            return "All of it in one process would exceed this machine's memory, so no step was tried."
        }
        return
            "This exceeds the machine's memory of \(gigabytes(NetworkMemory.ofMachine)), so no step was tried: "
            + "take a smaller network, or a machine with more."
    }
}

private func gigabytes(_ bytes: Int) -> String { String(format: "%.2f GB", Double(bytes) / 1e9) }

/// The memory that a run needs for tensors of the size of its network, whatever the batch.
struct NetworkMemory {
    /// The numbers in each of the network's parameters.
    private let parameters: [Int]
    private let networks: Int
    /// How many of them are trained, each with AdamW's two moments.
    private let trained: Int
    /// A gradient in each thread; no two networks have theirs at the same time.
    private let gradients: Int
    private let averages: Int
    /// The updates of a network in a step.
    private let updates: Int
    /// Whether processes each keep a part of moments and averages.
    private let isSharded: Bool
    /// The largest part of the parameters that each process keeps the moments and averages of, by rank.
    private var loads: [Int]

    private init(
        _ network: some Denoiser, networks: Int, trained: Int, averages: Int, updates: Int, isSharded: Bool,
        on device: Device
    ) {
        parameters = network.parameters.values.map(\.count)
        (self.networks, self.trained, self.averages, self.updates) = (networks, trained, averages, updates)
        self.isSharded = isSharded
        gradients = device.threads
        loads = [parameters.reduce(0, +)]
    }

    /// Of a distillation: teacher, generator and critic.
    static func distillation(
        of teacher: some Denoiser, _ recipe: DistillationRecipe, on device: Device
    ) -> Self {
        NetworkMemory(
            teacher, networks: 3, trained: 2, averages: recipe.emaHalfLifeImages.count,
            updates: 1 + (recipe.trainsCritic ? recipe.critic.steps : 0), isSharded: recipe.shardedState,
            on: device)
    }

    /// Of the training of a teacher.
    static func training(_ recipe: TeacherRecipe, on device: Device) -> Self {
        NetworkMemory(
            recipe.network.makeDenoiser(seed: 0), networks: 1, trained: 1,
            averages: recipe.emaHalfLifeImages.count, updates: 1, isSharded: recipe.shardedState, on: device)
    }

    /// The same for each of several processes.
    func of(_ processes: Int) -> Self {
        var memory = self
        memory.loads =
            isSharded
            ? Shards(of: parameters, over: processes).loads
            : Array(repeating: parameterCount, count: processes)
        return memory
    }

    var parameterCount: Int { parameters.reduce(0, +) }

    /// What each of some processes sends in a step, see `Communicator.sum(_:)`.
    func exchangedBytes(of processes: Int) -> Int {
        2 * (processes - 1) * updates * parameterCount * DType.float32.size / processes
    }

    /// The memory of this machine, or what of it this process's group may have.
    static var ofMachine: Int {
        let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        let limit = (try? String(contentsOfFile: "/sys/fs/cgroup/memory.max", encoding: .utf8)).flatMap {
            Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return min(physical, limit ?? physical)
    }

    /// What a checkpoint holds, of which there is a copy in the first process's memory while it is written.
    private var checkpoint: Int { 3 * trained + averages }

    /// The memory of a process.
    func bytes(of rank: Int = 0) -> Int {
        let whole = networks + gradients + (rank == 0 ? checkpoint : 0)
        return (whole * parameterCount + (2 * trained + averages) * loads[rank]) * DType.float32.size
    }

    /// - Throws: ``KitError`` if the networks alone exceed the machine's memory.
    func checkFits(_ device: Device) throws {
        guard device == .cpu, bytes() > Self.ofMachine else { return }
        throw KitError(
            "The run needs \(gigabytes(bytes())) for \(what), which exceeds the machine's memory of "
                + "\(gigabytes(Self.ofMachine)): take a smaller network, or a machine with more.")
    }

    /// What is counted.
    var what: String {
        func counted(_ count: Int, _ name: String) -> String { "\(count) \(name)\(count == 1 ? "" : "s")" }
        let part = loads.count > 1 && isSharded ? ", a part of them in each process," : ""
        return
            "the weights of \(counted(networks, "network")), \(counted(gradients, "gradient")), "
            + "\(2 * trained) moments of AdamW and \(counted(averages, "average"))\(part) and the copy for a checkpoint"
    }
}

/// The largest resident memory of this process so far, in bytes.
func peakMemory() -> Int {
    var usage = rusage()
    // 0 is RUSAGE_SELF, which C libraries declare in different types.
    getrusage(0, &usage)
    #if os(Linux)
        return usage.ru_maxrss * 1_024
    #else
        return usage.ru_maxrss
    #endif
}
