#!/usr/bin/env bats
# Contents decide what runs: older files, replaced links, one image of very many files.

bats_require_minimum_version 1.5.0
load attack

@test "attack: images that are replaced are seen in a folder of very many files" {
  eo-data --generate a/mnist --train 900 --test 100
  eo-data --generate b/mnist --train 900 --test 100 --seed 5
  mkdir a/mnist/1 a/mnist/2 a/mnist/3
  (cd a/mnist/1 && seq 1500 | xargs touch && cp -r . ../2 && cp -r . ../3)
  # one that a list of the first files lacks, if there is one
  local last file
  last=$(find -L a/mnist -maxdepth 3 -type f | tail -n +1001 | grep -m 1 ubyte ||
    echo a/mnist/train-labels-idx1-ubyte.gz)
  file=${last##*/}
  sed -i 's/^dataset:.*/dataset: mnist/' "$config"
  export EO_DATA_DIR=$PWD/a
  trained
  sleep 2
  idle
  cp -p "b/mnist/$file" a/mnist
  trained
}

@test "attack: older configurations and data are seen: mv, cp -p, ln -sfn" {
  eo-data --generate a/mnist --train 900 --test 100
  eo-data --generate b/mnist --train 900 --test 100 --seed 5
  touch -d 2001-01-01 b/mnist/*
  sed -i 's/^dataset:.*/dataset: mnist/' "$config"
  sed 's/^learning_rate:.*/learning_rate: 0.0123/' "$config" >older.yaml
  touch -d 2001-01-01 older.yaml
  ln -s a data
  export EO_DATA_DIR=$PWD/data
  trained
  idle
  ln -sfn b data
  trained
  idle
  cp -p a/mnist/train-labels* b/mnist
  trained
  cp -p "$config" first.yaml
  cp -p older.yaml "$config"
  trained
  idle
  mv first.yaml "$config"
  trained
  idle
}
