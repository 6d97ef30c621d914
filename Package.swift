// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import PackageDescription

/// A path to a `.pc` file, or the name of one on PKG_CONFIG_PATH. `scripts/setup` writes the default.
let libtorch = Context.environment["LIBTORCH_PC"] ?? "\(Context.packageDirectory)/.libtorch/libtorch.pc"

/// Only programs and tests carry a run path: library products stay free of unsafe flags.
let runPath: [LinkerSetting] = [
    .unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", "\(Context.packageDirectory)/.libtorch/root/lib"])
]

let continuousIntegration = Context.environment["CI"] != nil

let swift: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (continuousIntegration ? [.treatAllWarnings(as: .error)] : [])

let collections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let network: [Target.Dependency] = [
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "Logging", package: "swift-log"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    .product(name: "UnixSignals", package: "swift-service-lifecycle"),
]
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// The libraries, in the order of the dependency chain.
let libraries = [
    "Files", "Archives", "Torch", "Weights", "Images", "Encoders", "Diffusion", "Models", "Training",
    "Distillation",
    "Evaluation", "Export", "DMDKit", "Server",
]

/// A library of this package; `Package.swift` lists them in the order of the dependency chain.
func library(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: swift)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: dependencies + ["TestSupport"], swiftSettings: swift,
        linkerSettings: runPath)
}

let package = Package(
    name: "swift-dmd",
    platforms: [.macOS(.v15)],
    products: libraries.map { .library(name: $0, targets: [$0]) } + [
        .executable(name: "dmd", targets: ["dmd"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
    ],
    targets: [
        .systemLibrary(name: "LibTorch", pkgConfig: libtorch),
        .systemLibrary(
            name: "LibPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
        .systemLibrary(
            name: "LibJPEG", pkgConfig: "libjpeg",
            providers: [.apt(["libjpeg62-turbo-dev"]), .brew(["jpeg-turbo"])]),
        .systemLibrary(
            name: "LibWebP", pkgConfig: "libwebpdemux", providers: [.apt(["libwebp-dev"]), .brew(["webp"])]),
        .systemLibrary(
            name: "LibZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"]), .brew(["libzip"])]),

        .target(
            name: "CTorch", dependencies: ["LibTorch"], exclude: ["declarations/README.md"],
            cxxSettings: [.headerSearchPath("declarations")]),
        .target(name: "CArchives", dependencies: ["LibZip"]),
        .target(name: "CImages", dependencies: ["LibPNG", "LibJPEG", "LibWebP"]),
        library("Files", [crypto]),
        library("Archives", ["Files", "CArchives"]),
        library("Torch", ["CTorch", collections]),
        library("Weights", ["Torch", "Archives", "Files", collections, crypto]),
        library("Images", ["Torch", "Archives", "Files", "CImages"]),
        library("Encoders", ["Torch", "Weights", "Archives", "Files", collections]),
        library("Diffusion", ["Torch", collections]),
        library("Models", ["Torch", "Diffusion", "Encoders", "Weights", "Files", collections]),
        library(
            "Training", ["Torch", "Weights", "Files", yams, collections, protobuf],
            exclude: ["Events/event.proto"]),
        library(
            "Distillation", ["Torch", "Weights", "Files", "Diffusion", "Training", collections]),
        library("Evaluation", ["Torch", "Encoders", "Weights", "Images", "Archives", "Files", collections]),
        library(
            "Export",
            ["Torch", "Diffusion", "Models", "Encoders", "Weights", "Files", collections, protobuf],
            exclude: ["ONNX/onnx.proto"]),
        .target(
            name: "DMDKit",
            dependencies: [
                "Files", "Archives", "Torch", "Weights", "Images", "Encoders", "Diffusion", "Models",
                "Training",
                "Distillation", "Evaluation", "Export", collections,
            ],
            resources: [.copy("Resources")], swiftSettings: swift),
        .target(
            name: "Server", dependencies: ["DMDKit"] + network, resources: [.copy("Resources")],
            swiftSettings: swift),
        .executableTarget(
            name: "dmd",
            dependencies: [
                "DMDKit", "Server", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: swift, linkerSettings: runPath),

        .target(name: "MirrorDevice", dependencies: ["LibTorch"], path: "Tests/MirrorDevice"),
        .target(
            name: "TestSupport", dependencies: ["Torch", "Weights", "Encoders", "Models", collections],
            path: "Tests/TestSupport",
            swiftSettings: swift),
        tests("Archives", ["Archives", "Files"]),
        tests("Torch", ["Torch", "Weights", collections]),
        tests("Weights", ["Torch", "Archives", "Files", "Weights", collections]),
        tests("Images", ["Torch", "Files", "Archives", "Images"]),
        tests("Encoders", ["Torch", "Weights", "Archives", "Encoders", collections]),
        tests("Diffusion", ["Torch", "Weights", "Diffusion", "Models", collections]),
        tests("Models", ["Torch", "Weights", "Encoders", "Diffusion", "Models", "Files", collections]),
        tests("Training", ["Torch", "Weights", "Files", "Training", collections]),
        tests(
            "Distillation",
            ["Torch", "Weights", "Files", "Diffusion", "Models", "Training", "Distillation", collections]),
        tests(
            "Evaluation", ["Torch", "Weights", "Archives", "Encoders", "Images", "Evaluation", collections]),
        tests(
            "Export", ["Torch", "Weights", "Files", "Encoders", "Diffusion", "Models", "Export", collections]),
        tests(
            "DMDKit",
            [
                "Torch", "Weights", "Archives", "Images", "Models", "Training", "Distillation", "DMDKit",
                collections,
            ]),
        tests(
            "Device",
            [
                "MirrorDevice", "Torch", "Weights", "Encoders", "Images", "Diffusion", "Models", "Training",
                "Distillation",
                "Evaluation", "DMDKit", collections,
            ]),
        tests(
            "Command",
            [
                "Torch", "Weights", "Diffusion", "Models", "Training", "Distillation", "Images", "Export",
                "dmd",
            ]),
        tests(
            "Server",
            [
                "Images", "Models", "Training", "Distillation", "DMDKit", "Server",
            ]),
    ],
    cxxLanguageStandard: .cxx20
)
