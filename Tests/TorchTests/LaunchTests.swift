// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Testing
import Torch

@Suite("Variables of launchers")
struct LaunchTests {
    private static let torchrun = [
        "RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "node0",
        "MASTER_PORT": "29400", "TORCHELASTIC_RUN_ID": "job", "TORCHELASTIC_RESTART_COUNT": "2",
    ]
    private static let slurm = [
        "SLURM_PROCID": "5", "SLURM_STEP_NUM_TASKS": "8", "SLURM_LOCALID": "1",
        "SLURM_STEP_TASKS_PER_NODE": "4(x2)", "SLURM_STEP_NODELIST": "gpu[03-05,9]",
        "SLURM_JOB_ID": "12345678",
    ]

    @Test("torchrun's, srun's, mpirun's, and those set by hand")
    func launchers() throws {
        let torchrun = try #require(try Launch(Self.torchrun))
        #expect(torchrun.launcher == "torchrun")
        #expect((torchrun.rank, torchrun.count) == (3, 4))
        #expect((torchrun.localRank, torchrun.localCount) == (1, 2))

        let slurm = try #require(try Launch(Self.slurm))
        #expect(slurm.launcher == "srun")
        #expect((slurm.rank, slurm.count) == (5, 8))
        #expect((slurm.localRank, slurm.localCount) == (1, 4))

        let mpi = try #require(
            try Launch([
                "OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_LOCAL_RANK": "0",
                "OMPI_COMM_WORLD_LOCAL_SIZE": "1", "MASTER_ADDR": "a", "MASTER_PORT": "1",
            ]))
        #expect((mpi.launcher, mpi.rank, mpi.count, mpi.localRank) == ("mpirun", 1, 2, 0))

        let byHand = try #require(
            try Launch(["RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1"]))
        #expect((byHand.launcher, byHand.rank, byHand.localRank) == ("RANK and WORLD_SIZE", 1, 1))
        #expect(byHand.localCount == 2)
    }

    @Test("one process needs no address, and a job script's shell is none of Slurm's processes")
    func alone() throws {
        #expect(try Launch([:]) == nil)
        #expect(try Launch(["SLURM_NTASKS": "8", "SLURM_PROCID": "0", "SLURM_JOB_ID": "1"]) == nil)
        let one = try #require(try Launch(["RANK": "0", "WORLD_SIZE": "1"]))
        #expect(try Communicator(one).count == 1)
    }

    @Test(
        "Slurm's processes meet at the first node, at a port of the job",
        arguments: [
            ("gpu[03-05,9]", "gpu03"), ("gpu[7,9]", "gpu7"), ("big1", "big1"), ("big1,big2", "big1"),
            ("gpu[1-2]-ib,x", "gpu1-ib"),
        ])
    func firstNode(list: String, node: String) throws {
        var variables = Self.slurm
        variables["SLURM_STEP_NODELIST"] = list
        let launch = try #require(try Launch(variables))
        #expect((launch.host, launch.port) == (node, 15_000 + 12_345_678 % 10_000))
    }

    @Test(
        "what does not belong together is named",
        arguments: [
            (["RANK": "0"], "WORLD_SIZE"), (["WORLD_SIZE": "2"], "RANK"),
            (["RANK": "0", "WORLD_SIZE": "2", "MASTER_PORT": "1"], "MASTER_ADDR"),
            (["RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "a"], "MASTER_PORT"),
        ])
    func missing(variables: [String: String], name: String) {
        #expect(throws: LaunchError.missing(name)) { try Launch(variables) }
    }

    @Test(
        "numbers out of range are named",
        arguments: [
            ("RANK", "4", 0...3), ("RANK", "-1", 0...3), ("WORLD_SIZE", "many", 1...1_000_000),
            ("MASTER_PORT", "70000", 1...65_535),
        ])
    func invalid(name: String, value: String, range: ClosedRange<Int>) {
        var variables = Self.torchrun
        variables[name] = value
        #expect(throws: LaunchError.invalid(name, value, range)) { try Launch(variables) }
    }
}
