// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// The instructions of pickle's protocols 0 to 5, but for those that need something outside of the file: extension
/// codes and buffers. Source: the module `pickletools` of Python's standard library.
enum PickleOpcode: UInt8 {
    case mark = 0x28
    case stop = 0x2E
    case pop = 0x30
    case popMark = 0x31
    case duplicate = 0x32
    case proto = 0x80
    case frame = 0x95

    // Constants.
    case none = 0x4E
    case newTrue = 0x88
    case newFalse = 0x89
    case intLine = 0x49
    case longLine = 0x4C
    case int4 = 0x4A
    case int1 = 0x4B
    case int2 = 0x4D
    case long1 = 0x8A
    case long4 = 0x8B
    case floatLine = 0x46
    case float8 = 0x47
    case stringLine = 0x53
    case string4 = 0x54
    case string1 = 0x55
    case bytes4 = 0x42
    case bytes1 = 0x43
    case bytes8 = 0x8E
    case byteArray8 = 0x96
    case unicodeLine = 0x56
    case unicode4 = 0x58
    case unicode1 = 0x8C
    case unicode8 = 0x8D

    // Containers.
    case emptyList = 0x5D
    case list = 0x6C
    case append = 0x61
    case appends = 0x65
    case emptyTuple = 0x29
    case tuple = 0x74
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case emptyDictionary = 0x7D
    case dictionary = 0x64
    case setItem = 0x73
    case setItems = 0x75
    case emptySet = 0x8F
    case addItems = 0x90
    case frozenSet = 0x91

    // The memo.
    case getLine = 0x67
    case get1 = 0x68
    case get4 = 0x6A
    case putLine = 0x70
    case put1 = 0x71
    case put4 = 0x72
    case memoize = 0x94

    // Globals and what is made with them.
    case global = 0x63
    case stackGlobal = 0x93
    case reduce = 0x52
    case newObject = 0x81
    case newObjectByNames = 0x92
    case instance = 0x69
    case object = 0x6F
    case build = 0x62
    case persistentLine = 0x50
    case persistent = 0x51
}
