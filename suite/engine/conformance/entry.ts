/** @file The bundle's entry: the environment must be set before the tests are defined. */
import "./suite.ts";
import "@tensorflow/tfjs-core/dist/tests";
